import { unreachable } from '../lib/errors.ts';
import { bytesText, secondsText } from '../lib/text.ts';
import type { BuildStep, EventSink, Part, Phase, PipelineEvent } from '../model/events.ts';
import { cleanForTerminal, cleanLines, type Marks } from './text.ts';

/** What runs: a line, with its last output lines below. Clean, each on one line; not cut. */
export interface LiveRow {
  readonly key: string;
  readonly label: string;
  /** Seconds so far and bytes moved. */
  readonly figures: string;
  readonly log: readonly string[];
}

/** One step of the pipeline in the checklist. */
export interface LiveItem {
  readonly key: string;
  readonly label: string;
  readonly state: 'waiting' | 'running' | 'done' | 'off';
}

/** The part of a progress screen that changes. */
export interface LiveModel {
  readonly rows: readonly LiveRow[];
  readonly items: readonly LiveItem[];
}

export interface LiveSurface {
  /** Text that stays, above what changes; without its last line end. */
  readonly print: (text: string) => void;
  readonly draw: (model: LiveModel) => void;
  /** Takes what changes away and leaves the terminal as it was. A second call does nothing. */
  readonly close: () => void;
}

/** What a person reads for a phase while it runs. */
export const PHASE_LABEL: Readonly<Record<Phase, string>> = {
  plan: 'plan',
  open: 'open',
  build: 'build',
  normalise: 'normalize',
  prove: 'prove',
  compare: 'compare',
  inspect: 'inspect',
  verify: 'verify',
  attest: 'sign and attest',
  grade: 'grade',
  gate: 'gate',
  load: 'load into Docker',
  push: 'push',
  copy: 'copy',
};

/** The short names of a checklist. */
export const STEP_LABEL: Readonly<Record<Phase | Part, string>> = {
  ...PHASE_LABEL,
  attest: 'attest',
  load: 'load',
  sbom: 'SBOM',
  sign: 'sign',
  scan: 'scan',
};

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
class LiveRows {
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

/** How often the screen is drawn, at most. */
const REDRAW_MS = 100;

/** BuildKit ends what runs beside a step that failed: nothing is wrong with it. */
const CANCELLED = /context canceled/;

/** A live log: finished lines scroll up, running ones stay below. `stop` restores the terminal. */
interface LiveLog {
  readonly sink: EventSink;
  readonly stop: () => void;
}

export interface LiveLogOptions {
  readonly surface: LiveSurface;
  /** Columns of the terminal now. */
  readonly columns: () => number;
  readonly style: LiveStyle;
  readonly marks: Marks;
  /** Milliseconds. */
  readonly now: () => number;
  /** Cuts clean text to so many columns. */
  readonly fit: (text: string, columns: number) => string;
}

/** Shows events: permanent lines at once, running work every 100 ms, so bursts draw only once. */
export function liveLog(options: LiveLogOptions): LiveLog {
  const drawing = new Drawing(options);
  const timer = setInterval(() => {
    drawing.tick();
  }, REDRAW_MS);
  timer.unref();
  return {
    sink: (event) => {
      drawing.show(event);
    },
    stop: () => {
      clearInterval(timer);
      options.surface.close();
    },
  };
}

class Drawing {
  readonly #options: LiveLogOptions;
  readonly #rows = new LiveRows();
  readonly #failed = new Set<string>();

  constructor(options: LiveLogOptions) {
    this.#options = options;
  }

  tick(): void {
    this.#options.surface.draw(cleanModel(this.#rows.model(this.#options.now())));
  }

  show(event: PipelineEvent): void {
    const { style, marks, surface } = this.#options;
    const now = this.#options.now();
    switch (event.kind) {
      case 'build-log':
        // What comes when the failure has been printed still says why.
        if (this.#failed.has(event.step)) surface.print(cleanLines(indented([event.text])));
        else this.#rows.log(event.step, event.text);
        return;
      case 'transfer':
        this.#rows.transfer(event.phase, event.digest, event.done, event.total, now);
        return;
      case 'step-transfer':
        this.#rows.transfer(event.step, '', event.done, event.total, now);
        return;
      case 'steps-planned':
        this.#rows.planned(event.steps);
        return;
      case 'part':
        this.#rows.mark(event.part, event.state === 'done' ? 'done' : 'running');
        return;
      case 'build-line':
      case 'build-json':
      case 'file-normalised':
      case 'scorecard':
        return;
      case 'phase-started':
        this.#rows.mark(event.phase, 'running');
        this.#rows.start(
          event.phase,
          `${PHASE_LABEL[event.phase]} ${event.detail ?? ''}`.trim(),
          now,
        );
        return;
      case 'build-step':
        this.#step(event.step, now);
        return;
      case 'phase-done':
        this.#rows.mark(event.phase, 'done');
        this.#rows.end(event.phase);
        break;
      case 'phase-off':
        this.#rows.mark(event.phase, 'off');
        break;
      case 'build-warning':
      case 'warning':
      case 'notice':
      case 'raw':
    }
    surface.print(finishedText(event, style, marks));
  }

  #step(step: BuildStep, now: number): void {
    const { style, surface, marks } = this.#options;
    if (step.state === 'started') {
      this.#rows.start(step.digest, step.name, now);
      return;
    }
    const log = this.#rows.logOf(step.digest);
    this.#rows.end(step.digest);
    if (step.state === 'failed' && !CANCELLED.test(step.error ?? '')) {
      this.#failed.add(step.digest);
      const lines = [
        `${step.name}: ${step.error ?? 'failed'}`,
        ...(log.length === 0 ? [] : [indented(log)]),
      ];
      surface.print(`${style.red(marks.failed)} ${cleanLines(lines.join('\n'))}`);
      return;
    }
    const end =
      step.state === 'failed'
        ? 'cancelled'
        : step.state === 'cached'
          ? 'cached'
          : secondsText(step.seconds ?? 0);
    // One column stays free: a terminal that fills its last one may wrap.
    const room = Math.max(20, this.#options.columns() - 1) - end.length - 3;
    const name = this.#options.fit(oneLine(step.name), room);
    const mark = step.state === 'failed' ? style.dim(marks.off) : style.green(marks.done);
    surface.print(`${mark} ${name} ${step.state === 'done' ? end : style.dim(end)}`);
  }
}

function indented(log: readonly string[]): string {
  return log.map((line) => `  | ${line}`).join('\n');
}

function oneLine(text: string): string {
  return cleanForTerminal(text.replace(/[\t\n]/g, ' '));
}

/** Names and log lines come from the Dockerfile and from what runs in it. */
function cleanModel({ rows, items }: LiveModel): LiveModel {
  return {
    items,
    rows: rows.map((row) => ({ ...row, label: oneLine(row.label), log: row.log.map(oneLine) })),
  };
}

/** Styles of the live log; identity functions where there is no colour. */
interface LiveStyle {
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** Text that stays once printed: never cut, as people copy its paths, digests and next steps. */
function finishedText(
  event: Extract<
    PipelineEvent,
    { kind: 'phase-done' | 'phase-off' | 'build-warning' | 'warning' | 'notice' | 'raw' }
  >,
  style: LiveStyle,
  marks: Marks,
): string {
  switch (event.kind) {
    case 'phase-done': {
      const text = `${PHASE_LABEL[event.phase]}: ${event.detail} ${secondsText(event.seconds)}`;
      return `${style.green(marks.done)} ${cleanLines(text)}`;
    }
    case 'phase-off':
      return `${style.yellow(marks.off)} ${cleanLines(`${PHASE_LABEL[event.phase]}: off, ${event.reason}`)}`;
    case 'build-warning':
      return `${style.yellow('!')} ${cleanLines(event.text)}`;
    case 'warning': {
      const next = event.nextStep === undefined ? '' : `\n  next: ${event.nextStep}`;
      return `${style.yellow('!')} ${cleanLines(event.text + next)}`;
    }
    case 'notice':
      return `${style.dim(marks.note)} ${cleanLines(event.text)}`;
    case 'raw':
      return cleanLines(event.text);
    default:
      return unreachable(event);
  }
}

/** Runs that are over sooner never draw, and never load what draws. */
const QUICK_MS = 150;

interface LazySurfaceOptions {
  /** Writes lines as long as nothing is drawn. */
  readonly write: (text: string) => void;
  /** Loads what draws; a failure leaves it at lines. */
  readonly load: () => Promise<() => LiveSurface>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A surface that opens with the first drawing after a moment; before, it only writes its lines. */
export function lazySurface({ write, load, now }: LazySurfaceOptions): LiveSurface {
  const since = now();
  let surface: LiveSurface | undefined;
  let isLoading = false;
  let isOpen = true;
  const start = async (): Promise<void> => {
    const open = await load();
    if (isOpen) surface = open();
  };
  return {
    print: (text) => {
      if (surface === undefined) write(`${text}\n`);
      else surface.print(text);
    },
    draw: (model: LiveModel) => {
      if (surface !== undefined) surface.draw(model);
      else if (!isLoading && isOpen && model.rows.length > 0 && now() - since >= QUICK_MS) {
        isLoading = true;
        start().catch(() => undefined);
      }
    },
    close: () => {
      isOpen = false;
      surface?.close();
    },
  };
}
