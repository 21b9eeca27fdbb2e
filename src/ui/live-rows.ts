import type { Part, Phase } from '../model/events.ts';
import { secondsText, bytesText } from '../model/quantity.ts';
import type { LiveItem, LiveModel, LiveRow } from './live-model.ts';
import { STEP_LABEL } from './phase-text.ts';

const MOST_RUNNING = 4;
const LOG_TAIL = 4;
/** Lines that are kept of a step in case it fails. */
const LOG_KEPT = 20;

interface Running {
  readonly label: string;
  readonly since: number;
  readonly transfer: TransferRate;
}

/** What runs now, its last output lines, and the pipeline's checklist. Times in milliseconds. */
export class LiveRows {
  readonly #running = new Map<string, Running>();
  readonly #logs = new Map<string, readonly string[]>();
  readonly #items = new Map<Phase | Part, LiveItem['state']>();
  #logged = '';

  start(key: string, label: string, now: number): void {
    this.#running.set(key, { label, since: now, transfer: new TransferRate() });
  }

  end(key: string): void {
    this.#running.delete(key);
    this.#logs.delete(key);
  }

  /** Lines of a step, split at line ends. */
  log(step: string, text: string): void {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    this.#logs.set(step, [...(this.#logs.get(step) ?? []), ...lines].slice(-LOG_KEPT));
    this.#logged = step;
  }

  /** The last lines that a step printed. */
  logOf(step: string): readonly string[] {
    return this.#logs.get(step) ?? [];
  }

  transfer(key: string, part: string, done: number, total: number, now: number): void {
    this.#running.get(key)?.transfer.add(part, done, total, now);
  }

  planned(steps: readonly (Phase | Part)[]): void {
    for (const step of steps) if (!this.#items.has(step)) this.#items.set(step, 'waiting');
  }

  /** Only what was planned is listed. */
  mark(step: Phase | Part, state: LiveItem['state']): void {
    if (this.#items.has(step)) this.#items.set(step, state);
  }

  /** The newest of what runs; the lines stand below the step that printed last. */
  model(now: number): LiveModel {
    const rows = [...this.#running]
      .slice(-MOST_RUNNING)
      .map(([key, { label, since, transfer }]): LiveRow => ({
        key,
        label,
        figures: [secondsText((now - since) / 1000), transfer.text(now)].join(' ').trimEnd(),
        log: key === this.#logged ? this.logOf(key).slice(-LOG_TAIL) : [],
      }));
    const items = [...this.#items].map(([key, state]) => ({ key, label: STEP_LABEL[key], state }));
    return { rows, items };
  }
}

/** Below this a rate says nothing. */
const SHORT_MS = 500;

/** Bytes of several transfers that belong together, and how fast they go. Times in milliseconds. */
class TransferRate {
  readonly #parts = new Map<string, { readonly done: number; readonly total: number }>();
  #since: number | undefined;

  add(key: string, done: number, total: number, now: number): void {
    this.#since ??= now;
    this.#parts.set(key, { done, total: Math.max(done, total) });
  }

  /** `12.3 MB of 45.0 MB, 8.10 MB/s`; no total if it is not known, '' before anything moved. */
  text(now: number): string {
    if (this.#since === undefined) return '';
    const parts = [...this.#parts.values()];
    const done = parts.reduce((sum, part) => sum + part.done, 0);
    const total = parts.reduce((sum, part) => sum + part.total, 0);
    const elapsed = now - this.#since;
    const amount = total > done ? `${bytesText(done)} of ${bytesText(total)}` : bytesText(done);
    return elapsed < SHORT_MS ? amount : `${amount}, ${bytesText((done * 1000) / elapsed)}/s`;
  }
}
