/**
 * What `work` costs this process, in milliseconds of processor time: unlike the time that passes it says the same on
 * a machine that is busy with something else.
 */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
