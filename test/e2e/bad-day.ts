import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { written } from '../fakes/written.ts';
import { bases, type Ended, output, OWN, ROOT, run, Scoville } from './harness.ts';
import { until } from './until.ts';

export const CLI = join(ROOT, 'dist/scoville.js');
let made = 0;

/** A name that no other test and no other run uses, without a registry. */
export function newName(): string {
  made += 1;
  return `scoville-bad-day-${OWN}-${made}:1`;
}

/** A folder for one file of tests, with a scoville whose home is in it; `remove` takes all away. */
export class BadDay {
  readonly folder = mkdtempSync(join(tmpdir(), 'scoville-bad-day-'));
  readonly scoville = new Scoville();

  /**
   * A new folder with these files; `Dockerfile` copies one of new content onto busybox where none
   * is given.
   */
  context(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
    return written(mkdtempSync(join(this.folder, 'context-')), {
      Dockerfile: `FROM ${bases.busybox}\nCOPY content /content\n`,
      content: randomBytes(16).toString('hex'),
      ...files,
    });
  }

  /** A PATH that has these tools and no other. */
  async pathOf(...tools: readonly string[]): Promise<string> {
    const folder = mkdtempSync(join(this.folder, 'path-'));
    for (const tool of tools)
      symlinkSync((await output('which', [tool])).trim(), join(folder, tool));
    return folder;
  }

  /** A PATH on which a script stands before a tool; in it, `$TOOL` is the tool itself. */
  async pathWith(tool: string, script: string): Promise<string> {
    const folder = mkdtempSync(join(this.folder, 'path-'));
    const real = (await output('which', [tool])).trim();
    writeFileSync(join(folder, tool), `#!/bin/bash\nTOOL=${real}\n${script}\nexec "$TOOL" "$@"\n`);
    chmodSync(join(folder, tool), 0o755);
    return `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  }

  remove(): void {
    this.scoville.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A scoville that runs in a process group of its own, as a shell starts it. */
export class Running {
  readonly ended: Promise<Ended>;
  readonly #pid: number;
  #stderr = '';
  #stdout = '';
  #exitCode: number | undefined;

  constructor(
    scoville: Scoville,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
  ) {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: { ...process.env, SCOVILLE_HOME: scoville.home, COSIGN_PASSWORD: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#pid = child.pid ?? 0;
    child.stdout.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.ended = new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (code) => {
        this.#exitCode = code ?? -1;
        done({
          exitCode: this.#exitCode,
          stdout: this.#stdout,
          stderr: this.#stderr,
          bytes: Buffer.from(this.#stdout),
        });
      });
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Waits until it is so; an error where the command ends before, or nothing comes of it in three
   * minutes.
   */
  async until(isSo: () => boolean): Promise<void> {
    await until('what the command was to come to', () => {
      if (!isSo() && this.#exitCode !== undefined)
        throw new Error(`it did not come to that; exit ${this.#exitCode}\n${this.#stderr}`);
      return isSo();
    });
  }

  /** What Ctrl-C does in a terminal: the signal goes to the command and to all that it started. */
  interrupt(): void {
    process.kill(-this.#pid, 'SIGINT');
  }

  /** Sends a signal to the command alone. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** Takes away what outlived the command. */
  killGroup(): void {
    try {
      process.kill(-this.#pid, 'SIGKILL');
    } catch {
      // None did.
    }
  }
}

/** True where Docker has an image of that name. */
export async function isInDocker(name: string): Promise<boolean> {
  return (await run('docker', ['image', 'inspect', name])).exitCode === 0;
}
