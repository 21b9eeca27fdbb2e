import type { Phase } from '../model/events.ts';
import { bytesText, secondsText } from './units.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const MOST_RUNNING = 4;
const LOG_TAIL = 4;

/** What runs now, and the last lines that it printed. Times in milliseconds. */
export class RunningRows {
  readonly #running = new Map<string, { readonly label: string; readonly since: number }>();
  readonly #transfers = new Map<Phase, string>();
  #logs: readonly string[] = [];

  start(key: string, label: string, now: number): void {
    this.#running.set(key, { label, since: now });
  }

  end(key: string): void {
    this.#running.delete(key);
    this.#logs = [];
  }

  endPhase(phase: Phase): void {
    this.#running.delete(phase);
    this.#transfers.delete(phase);
  }

  log(text: string): void {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    this.#logs = [...this.#logs, ...lines].slice(-LOG_TAIL);
  }

  transfer(phase: Phase, done: number, total: number): void {
    this.#transfers.set(phase, `${bytesText(done)} of ${bytesText(total)}`);
  }

  /** The newest of what runs, one text each, and below it the tail of the log; nothing where nothing runs. */
  texts(
    now: number,
    frame: number,
  ): { readonly running: readonly string[]; readonly log: readonly string[] } {
    const spinner = FRAMES[frame % FRAMES.length] ?? '';
    const transfers: ReadonlyMap<string, string> = this.#transfers;
    const running = [...this.#running]
      .slice(-MOST_RUNNING)
      .map(([key, { label, since }]) =>
        [spinner, label, secondsText((now - since) / 1000), transfers.get(key) ?? '']
          .join(' ')
          .trimEnd(),
      );
    return { running, log: running.length === 0 ? [] : this.#logs.map((line) => `  ${line}`) };
  }
}
