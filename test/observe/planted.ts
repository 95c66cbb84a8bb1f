import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

const plant = (what: string): string => `${what}${randomBytes(6).toString('hex')}`;

/** Everything that must stay between the application, storage and the model. Short: parsers quote a few letters. */
export const planted = {
  key: plant('hgkeya'),
  otherKey: plant('hgkeyb'),
  wrongKey: plant('hgkeyc'),
  modelKey: plant('mkey'),
  instructions: plant('inst'),
  message: plant('mess'),
  metadata: plant('meta'),
  fileName: plant('name'),
  fileContent: plant('file'),
  code: plant('code'),
  exception: plant('exce'),
  argument: plant('argu'),
  functionOutput: plant('fout'),
  answer: plant('answ'),
  storeName: plant('stor'),
  attribute: plant('attr'),
  query: plant('quer'),
  refusedBody: plant('body'),
  corrupt: plant('corr').slice(0, 9),
} as const;

/** What the code prints; it stands nowhere else, so the code and its output are told apart. */
export const printed = [...planted.code].reverse().join('');

/** None of what was planted, nor of `more` (tokens made meanwhile), stands in `text`. */
export function assertSecret(where: string, text: string, more: readonly string[] = []): void {
  const secrets = [
    ...Object.entries({ ...planted, printed }),
    ...more.map((each) => ['token', each] as const),
  ];
  for (const [what, secret] of secrets) {
    assert.ok(secret.length >= 8, `${what} is too short to be searched for`);
    const at = text.indexOf(secret);
    assert.ok(at < 0, `${where} tell the ${what}: …${text.slice(Math.max(0, at - 300), at + 100)}…`);
  }
}
