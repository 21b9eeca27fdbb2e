/**
 * Milliseconds of processor time that work takes: those of the clock are others on a busy machine.
 */
export function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
