import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { until } from './until.ts';

const execFileAsync = promisify(execFile);

interface Options {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const PROMPT_ALONE = /^\$\s*$/;
/** Between two looks at what may still be drawn, and between two keys of a person. */
const DRAWN_MS = 100;
const KEY_MS = 250;
/** Whatever the locale of whoever runs the tests. */
const UTF_8 = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
let count = 0;

/**
 * A real terminal, by tmux on a server of its own: keys go in, and what a person would see comes
 * out.
 */
export class Terminal {
  readonly #socket: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'scoville-tmux-'));
  readonly #output = join(this.#folder, 'output');
  #lastKey = -KEY_MS;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a shell at a prompt, with job control as a person has it. */
  static async open({ columns, rows, cwd, env }: Options): Promise<Terminal> {
    count += 1;
    const terminal = new Terminal(`scoville-e2e-${process.pid}-${count}`);
    const sets = Object.entries({ ...UTF_8, ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    await terminal.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-s', 'main', '-c', cwd],
      ...['-x', String(columns), '-y', String(rows), ...sets],
      "env -u CI PS1='$ ' bash --norc --noprofile",
    );
    writeFileSync(terminal.#output, '');
    await terminal.#tmux('pipe-pane', '-t', 'main', `cat >> '${terminal.#output}'`);
    await terminal.until(/^\$ ?$/m);
    return terminal;
  }

  /**
   * Types a command line and Enter at a prompt, once nothing else is on the screen: what an earlier
   * one showed is no answer.
   */
  async type(line: string): Promise<void> {
    if (!PROMPT_ALONE.test(await this.screen()))
      await this.#tmux('send-keys', '-t', 'main', 'clear', 'Enter');
    await this.until(PROMPT_ALONE);
    await this.#tmux('send-keys', '-t', 'main', '-l', line);
    await this.press('Enter');
  }

  /**
   * Presses keys by tmux' names, one after the other. A busy program may read several at one go,
   * and takes them for pasted then: where one has to be taken before the next comes, what it shows
   * is waited for.
   */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await sleep(this.#lastKey + KEY_MS - performance.now());
      await this.#tmux('send-keys', '-t', 'main', key);
      this.#lastKey = performance.now();
    }
  }

  /** The rows of the screen; with `styles` also its colours. */
  async screen(styles = false): Promise<string> {
    const args = ['capture-pane', '-p', ...(styles ? ['-e'] : []), '-t', 'main'];
    return this.#tmux(...args);
  }

  /**
   * Waits until the screen shows something; gives the screen, drawn to its end.
   */
  async until(shown: RegExp | string): Promise<string> {
    const isShown = (text: string): boolean =>
      typeof shown === 'string' ? text.includes(shown) : shown.test(text);
    let text = '';
    await until(`${String(shown)} on the screen`, async () =>
      isShown((text = await this.screen())),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${text}`);
    });
    return this.#drawn(text, isShown);
  }

  /**
   * What is seen may be half of what is being drawn: looks again until nothing moves, or for as
   * long as something may go on moving.
   */
  async #drawn(first: string, isShown: (text: string) => boolean): Promise<string> {
    let last = first;
    for (let i = 0; i < 10; i++) {
      await sleep(DRAWN_MS);
      const text = await this.screen();
      if (text === last || !isShown(text)) break;
      last = text;
    }
    return last;
  }

  /**
   * Waits until programs have written something, however short a time the screen showed it: what a
   * quick build shows on its way can come and go between two looks of `until`.
   */
  async written(text: string): Promise<void> {
    await until(`${text} on the terminal`, () => this.#written().includes(text)).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.#written()}`);
      },
    );
  }

  #written(): string {
    return stripVTControlCharacters(readFileSync(this.#output, 'utf8'));
  }

  /** Makes the terminal another size; when the program draws for it is the program's business. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-t', 'main', '-x', String(columns), '-y', String(rows));
  }

  /** Whether the cursor is shown, and whether the alternate screen is on. */
  async state(): Promise<{ readonly cursor: boolean; readonly alternate: boolean }> {
    const flags = await this.#tmux('display', '-p', '-t', 'main', '#{cursor_flag} #{alternate_on}');
    const [cursor, alternate] = flags.trim().split(' ');
    return { cursor: cursor === '1', alternate: alternate === '1' };
  }

  /** Pastes a text, as the terminal hands it on: a new line is Enter. */
  async paste(text: string): Promise<void> {
    await this.#tmux('set-buffer', text);
    await this.#tmux('paste-buffer', '-t', 'main');
  }

  /** All that programs have written so far. */
  get output(): string {
    return this.#written();
  }

  async close(): Promise<void> {
    await this.#tmux('kill-server');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await execFileAsync('tmux', ['-L', this.#socket, ...args], {
      env: { ...process.env, ...UTF_8 },
    });
    return stdout;
  }
}

/** Whether the terminal's line is as a shell wants it: lines, echo and signals on. */
export async function isSane(terminal: Terminal): Promise<boolean> {
  await terminal.type('stty -a | tr " " "\\n" | grep -Ex "(icanon|echo|isig);?" | sort | xargs');
  const text = await terminal.until(/(?:icanon|echo|isig)[^$]*^\$ ?$/m);
  return /echo;? icanon;? isig/.test(text);
}
