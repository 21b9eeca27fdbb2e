import { discard, type Ended, output, run } from './harness.ts';

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
    discard([container], ['rm', '--volumes'], host);
  }
}

/** What a container printed; an error where it did not end well. */
export async function printedBy(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runContainer(args);
  if (exitCode !== 0)
    throw new Error(`the container of ${args.join(' ')}: exit ${exitCode}\n${stderr}\n${stdout}`);
  return stdout;
}

/** A file of an image, which need not run. */
export async function fileIn(image: string, path: string): Promise<string> {
  const container = (await output('docker', ['create', image, '/none'])).trim();
  try {
    const { bytes } = await run('docker', ['cp', `${container}:${path}`, '-']);
    return (await run('tar', ['-xOf', '-'], { input: bytes })).stdout;
  } finally {
    discard([container], ['rm']);
  }
}
