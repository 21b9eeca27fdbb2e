import { type Ended, run } from './harness.ts';

/**
 * `docker run ARGS` to its end, and all that it printed. A stream that is attached to a container
 * may miss what one that ends at once had printed: so it is read from the log, after the end.
 * `host` are words before the command, such as `-H unix://...`.
 */
export async function runContainer(
  args: readonly string[],
  host: readonly string[] = [],
): Promise<Ended> {
  const docker = (...words: readonly string[]) => run('docker', [...host, ...words]);
  const created = await docker('create', '--log-driver=json-file', ...args);
  if (created.exitCode !== 0) return created;
  const container = created.stdout.trim();
  try {
    const started = await docker('start', container);
    if (started.exitCode !== 0) return { ...started, stdout: '' };
    const code = await docker('wait', container);
    const printed = await docker('logs', container);
    return { ...printed, exitCode: code.exitCode === 0 ? Number(code.stdout) : code.exitCode };
  } finally {
    await docker('rm', '--force', '--volumes', container);
  }
}

/** What a container printed; an error where it did not end well. */
export async function printedBy(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runContainer(args);
  if (exitCode !== 0)
    throw new Error(`the container of ${args.join(' ')}: exit ${exitCode}\n${stderr}\n${stdout}`);
  return stdout;
}
