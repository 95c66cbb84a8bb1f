/**
 * Builds the image of the Python sessions in the registry itself (`az acr build`), so that no container engine is
 * needed here. Run by azd after provisioning, which sets the two variables, and before it with
 * `--before-provisioning`: then a registry that is there already gets the new tag before the app is told to use it.
 * Does nothing when the tag is there.
 * What it builds on is named by its digest, SESSION_BASE_DIGEST: a tag can be another image tomorrow, or for you.
 * Plain JavaScript: whatever Node an operator has can run it.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = 'hourglass-session';
const registry = process.env.CONTAINER_REGISTRY_NAME;
const tag = process.env.SESSION_IMAGE_TAG || 'latest';
const skipped = process.env.SKIP_SESSION_IMAGE === 'true';
const digest = process.env.SESSION_BASE_DIGEST;
// Before anything is provisioned: not after a quarter of an hour.
if (!skipped && digest !== 'unpinned' && !/^sha256:[0-9a-f]{64}$/.test(digest ?? '')) {
  stop(
    `SESSION_BASE_DIGEST is ${digest ? 'no digest' : 'not set'}: the session image would be built on whatever debian:13-slim is at that moment. Set what
  docker buildx imagetools inspect debian:13-slim --format '{{.Manifest.Digest}}'
prints (sha256:…; docs/deploy.md has a way without Docker), or "unpinned" if that is what you want.`,
  );
}
// `latest` is built anew each time: once is enough.
if (process.argv.includes('--before-provisioning') && (!registry || tag === 'latest')) process.exit(0);
if (!registry || !/^[a-zA-Z0-9]{5,50}$/.test(registry)) {
  stop('CONTAINER_REGISTRY_NAME is not set; it is an output of infra/main.bicep (azd env get-values).');
}
if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag)) stop(`SESSION_IMAGE_TAG is not a tag: ${tag}`);
if (skipped) {
  console.log('SKIP_SESSION_IMAGE=true: the session image is not built here.');
} else if (tag !== 'latest' && isThere()) {
  console.log(`${repository}:${tag} is in ${registry} already.`);
} else {
  // The session folder names everything that goes into the image.
  const session = fileURLToPath(new URL('../session', import.meta.url));
  const pinned = digest === 'unpinned' ? [] : ['--build-arg', `BASE_DIGEST=@${digest}`];
  const image = `${repository}:${tag}`;
  const built = az(['acr', 'build', '--registry', registry, '--image', image, ...pinned, session]);
  if (built.status !== 0) {
    stop(
      'The session image was not built. In a closed registry build it as docs/deploy.md says under "Private networking", then set SKIP_SESSION_IMAGE=true.',
    );
  }
}

function isThere() {
  const shown = az(
    ['acr', 'repository', 'show', '--name', registry, '--image', `${repository}:${tag}`, '--output', 'none'],
    'ignore',
  );
  return shown.status === 0;
}

/** On Windows `az` is a batch file, which only a shell can start; all arguments were checked above. */
function az(args, stdio = 'inherit') {
  const windows = process.platform === 'win32';
  const quoted = windows ? args.map((arg) => `"${arg}"`) : args;
  const result = spawnSync('az', quoted, { stdio, shell: windows });
  if (result.error) stop(`The Azure CLI (az) did not start: ${result.error.message}`);
  return result;
}

function stop(problem) {
  console.error(problem);
  process.exit(1);
}
