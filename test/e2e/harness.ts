import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { noticeRun } from './canary.ts';

const execFileAsync = promisify(execFile);
export const ROOT = resolve(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'dist/scoville.js');

/** A mark that no other file of tests has, nor another run hours later on the same engine. */
export const OWN = `${process.pid}${Date.now() % 10_000_000}`;

/**
 * A name of this file's own for an image, a container or a repository: the mark comes before the
 * tag. Files run side by side, and what a run left behind when it was killed stays in the engine.
 */
export function own(name: string): string {
  const [, repository = '', tag = ''] = /^(.*?)(:[^/:]*)?$/.exec(name) ?? [];
  return `${repository}-${OWN}${tag}`;
}

/** The registry and base images that scripts/engine.sh made ready. */
export const registry = setting('SCOVILLE_REGISTRY');
export const bases = {
  debian: setting('SCOVILLE_BASE_DEBIAN'),
  node: setting('SCOVILLE_BASE_NODE'),
  nodeDistroless: setting('SCOVILLE_BASE_NODE_DISTROLESS'),
  busybox: setting('SCOVILLE_BASE_BUSYBOX'),
};

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run npm test, or eval "$(scripts/engine.sh env)" first`);
  return value;
}

/** The name, and an error where an image of another file of tests or run may have it. */
function ownName(name: string, args: readonly string[]): string {
  const isName = /^[a-z0-9][a-z0-9._:/-]*$/.test(name) && !args.includes('--dry-run');
  if (isName && !name.includes(String(process.pid)))
    throw new Error(`${name} is not this file’s own: name it by own() (test/e2e/harness.ts)`);
  return name;
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it came. */
  readonly bytes: Uint8Array;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Called with all of stderr so far; may send the process a signal. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a program to its end; no exit code is an error here. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      err.push(chunk);
      options.onStderr?.(Buffer.concat(err).toString(), (signal) => child.kill(signal));
    });
    child.on('error', fail);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('close', (code, signal) => {
      const output = { stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
      noticeRun([command, ...args], options, output);
      done({
        exitCode: code ?? (signal === null ? -1 : 1000),
        stdout: output.stdout.toString(),
        bytes: output.stdout,
        stderr: output.stderr.toString(),
      });
    });
  });
}

/**
 * Takes images or containers (`rm`) away while the tests go on: an engine with many of them takes
 * seconds for each. `host` are words before the command, such as `-H unix://...`.
 */
export function discard(
  names: readonly string[],
  verb: readonly string[] = ['rmi'],
  host: readonly string[] = [],
): void {
  const named = names.filter((name) => name !== '');
  const args = [...host, ...verb, '--force', ...named];
  if (named.length > 0) spawn('docker', args, { detached: true, stdio: 'ignore' }).unref();
}

/** A scoville with a home of its own; `remove` takes away the home and what it named in Docker. */
export class Scoville {
  readonly home = mkdtempSync(join(tmpdir(), 'scoville-e2e-'));
  readonly #images = new Set<string>();

  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    for (const [i, arg] of args.entries())
      if (arg === '-t' || arg === '--tag') this.#images.add(ownName(args[i + 1] ?? '', args));
    return run(process.execPath, [CLI, ...args], {
      ...options,
      env: { SCOVILLE_HOME: this.home, COSIGN_PASSWORD: undefined, ...options.env },
    });
  }

  /** The same, and an error with all it said where the exit code is another. */
  async expect(
    exitCode: number,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Ended> {
    const ended = await this.run(args, options);
    if (ended.exitCode !== exitCode)
      throw new Error(
        `exit ${ended.exitCode} in place of ${exitCode}\n${ended.stderr}\n${ended.stdout}`,
      );
    return ended;
  }

  get publicKey(): string {
    return join(this.home, 'config', 'keys', 'cosign.pub');
  }

  remove(): void {
    discard([...this.#images]);
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** What a program printed; an error where it did not end well. */
export async function output(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const ended = await run(command, args, options);
  if (ended.exitCode !== 0)
    throw new Error(
      `${command} ${args.join(' ')}: exit ${ended.exitCode}\n${ended.stderr}\n${ended.stdout}`,
    );
  return ended.stdout;
}

/** The machine's address on the engine's bridge, where a RUN reaches it. */
export async function bridgeAddress(): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  return (await output('docker', ['network', 'inspect', 'bridge', '--format', format])).trim();
}

/**
 * `docker buildx build`. With `--push`, Docker's containerd store writes each manifest of an index
 * to the tag, several at once, and the registry answers 500 to who asks for a tag half written.
 * That is not ours: such a push is tried again.
 */
export async function dockerBuild(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  for (let tries = 1; ; tries++) {
    const ended = await run('docker', ['buildx', 'build', ...args], options);
    const halfWritten = /unexpected status from \S+ request to \S+\/manifests\/\S+ 500 /;
    if (!halfWritten.test(ended.stderr) || tries === 5) return ended;
  }
}

/** Every file of an image with type, mode, owner, size and link target, without times, sorted. */
export async function filesOf(image: string): Promise<readonly string[]> {
  const container = (await output('docker', ['create', image, '/none'])).trim();
  try {
    const { stdout } = await execFileAsync(
      'bash',
      [
        '-c',
        `docker export ${container} | tar --numeric-owner --quoting-style=escape -tvf - | awk '{$4="";$5="";print}' | sort`,
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout
      .split('\n')
      .filter(
        (line) =>
          line !== '' &&
          !/ (dev|proc|sys|etc\/(hosts|hostname|resolv\.conf|mtab)|\.dockerenv)\b/.test(line),
      );
  } finally {
    discard([container], ['rm']);
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Waits for the next day where this one (UTC, as a build sees it) is about to end: builds on two
 * days may differ by that alone.
 */
export async function farFromMidnight(): Promise<void> {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left < 120_000) await sleep(left + 1000);
}

/** An image of the registry with its digest behind its tag. */
export async function pinned(reference: string): Promise<string> {
  const { digest } = JSON.parse(
    await output('docker', [
      ...['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', reference],
    ]),
  ) as { readonly digest: string };
  return `${reference}@${digest}`;
}
