import { probe } from './run-command.mjs';

/** A sandbox as small as can be: what fails here fails for every session. */
const attempt = ['--ro-bind', '/', '/', '--unshare-user', '--unshare-pid', '--unshare-net', 'true'];

/** Whether Python sessions can be isolated here, or need not be (SESSION_ISOLATION=none). */
export function findBubblewrap() {
  if (process.env.SESSION_ISOLATION === 'none') {
    if (!warned)
      process.stderr.write('SESSION_ISOLATION=none: Python code runs without a sandbox, as you.\n');
    warned = true;
    return true;
  }
  return probe('bwrap', attempt).ok;
}
let warned = false;

/** Why not, and what helps. */
export function bubblewrapProblem() {
  const roundabout = 'Or do without isolation, if you trust every prompt: export SESSION_ISOLATION=none';
  if (process.platform !== 'linux') {
    return `Python sessions run in bubblewrap, which exists on Linux only: use a Linux machine, container or WSL.\n${roundabout}`;
  }
  if (!probe('bwrap', ['--version']).ok) {
    return (
      'Python sessions run in bubblewrap, which is not installed. Any of these installs it:\n' +
      '  sudo apt-get install bubblewrap\n  sudo dnf install bubblewrap\n  sudo pacman -S bubblewrap\n' +
      roundabout
    );
  }
  return (
    `bubblewrap is installed, but cannot make a sandbox: ${probe('bwrap', attempt).output}\n` +
    'Where AppArmor forbids it (Ubuntu 24.04 and later):\n' +
    '  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n' +
    'Inside a container, allow it user namespaces (docker run --security-opt seccomp=unconfined).\n' +
    roundabout
  );
}
