import { execFile } from 'node:child_process';

/** The Azure CLI said no. */
export class AzError extends Error {}

const TIME_LIMIT_MS = 120_000;

/** Runs `az` and answers its JSON. @throws {AzError} with what it said, first line */
export function az<T>(...args: string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const options = {
      maxBuffer: 64 * 1024 * 1024,
      timeout: TIME_LIMIT_MS,
      shell: process.platform === 'win32',
    };
    execFile('az', [...args, '--output', 'json', '--only-show-errors'], options, (error, stdout, stderr) => {
      if (!error) return resolve(JSON.parse(stdout.trim() || 'null') as T);
      const said = stderr.split('\n').find((line) => line.trim() !== '') ?? error.message;
      reject(new AzError(`az ${args.slice(0, 3).join(' ')}: ${said.replace(/^ERROR: /, '').slice(0, 300)}`));
    });
  });
}

/** A request to Resource Manager by the Azure CLI's sign-in. @param path from `/subscriptions` on, with its api-version */
export const arm = <T>(method: 'get' | 'put' | 'delete', path: string, body?: unknown): Promise<T> =>
  az<T>(
    ...['rest', '--method', method, '--url', `https://management.azure.com${path}`],
    ...(body === undefined ? [] : ['--body', JSON.stringify(body)]),
  );
