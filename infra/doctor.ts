/**
 * `npm run doctor -- --deployment NAME [--key KEY] [--model MODEL] [--quick]`: whether a deployment is as it should be,
 * a line for each question: pass, fail and what to do, or unknown and why. By the Azure CLI, which must be signed in, and
 * by using the API. It reads; what it makes (a conversation, files, one container group in each place) it deletes.
 * --key: a key of a project that nobody works in; default: the first of API_KEYS in the environment. Without one, the API
 * is not used. --url: where the API answers, when not at the app's own address. --quick leaves out what takes minutes.
 */
import { parseArgs } from 'node:util';

import { apiChecks, telemetryCheck } from './doctor/api-checks.ts';
import { azureChecks } from './doctor/azure-checks.ts';
import { findDeployment } from './doctor/deployment.ts';
import { runChecks } from './doctor/finding.ts';

const { values } = parseArgs({
  options: {
    deployment: { type: 'string' },
    key: { type: 'string' },
    model: { type: 'string' },
    url: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
if (!values.deployment) {
  process.stderr.write('npm run doctor -- --deployment NAME: the name that azd or you deployed it under\n');
  process.exit(2);
}
try {
  const deployment = await findDeployment(values.deployment);
  say(`${deployment.app.name} in ${deployment.resourceGroup}, ${deployment.app.location}`);
  const key = values.key ?? process.env.API_KEYS?.split(',')[0]?.replace(/^[^:]*:/, '');
  const api = { url: values.url ?? deployment.app.url, key: key ?? '', model: values.model };
  const limits = { maxDirectBytes: deployment.config?.MAX_DIRECT_UPLOAD_BYTES };
  const checks = [
    ...azureChecks(deployment),
    ...(key ? apiChecks(api, limits) : []),
    telemetryCheck(deployment.resourceGroup),
  ];
  const good = await runChecks(checks, { quick: values.quick, say });
  if (!key) say('unknown the API: no key (--key, or API_KEYS in the environment)');
  say(good ? 'Nothing failed.' : 'Something failed: see the arrows.');
  process.exitCode = good ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `The doctor cannot begin: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 2;
}
// Kept-alive connections would hold the process for seconds.
process.exit();
