import { bytesText, secondsText } from '../lib/text.ts';
import type { BuildStep, EventSink, Part, Phase, PipelineEvent } from '../model/events.ts';
import { cleanLines, cleanRow, type Marks } from './text.ts';

/** A running step: a line, with its last output lines below. Clean, one line each, not cut. */
interface LiveRow {
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
  /** Erases the changing part and restores the terminal. A second call does nothing. */
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
/** In milliseconds: a rate over less time means nothing. */
const SHORT_MS = 500;
/** How often the screen is drawn, at most. */
const REDRAW_MS = 100;

/** BuildKit cancels steps beside a failed one: they did not fail. */
const CANCELLED = /context canceled/;

/** A phase or a step that runs. Times in milliseconds. */
interface Running {
  readonly label: string;
  readonly since: number;
  /** Bytes moved, by part, and since when. */
  readonly moved: Map<string, { readonly done: number; readonly total: number }>;
  movedSince: number | undefined;
  /** The last lines of its output. */
  log: readonly string[];
}

/** Styles of the live log; identity functions without color. */
interface LiveStyle {
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
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

/**
 * A live log: finished lines scroll up at once; running steps stay below and are drawn every 100 ms
 * at most. `stop` restores the terminal.
 */
export function liveLog(options: LiveLogOptions): {
  readonly sink: EventSink;
  readonly stop: () => void;
} {
  const drawing = new Drawing(options);
  const timer = setInterval(() => {
    options.surface.draw(drawing.model());
  }, REDRAW_MS);
  timer.unref();
  return {
    sink: drawing.sink(),
    stop: () => {
      clearInterval(timer);
      options.surface.close();
    },
  };
}

type Handlers = {
  readonly [K in PipelineEvent['kind']]?: (event: Extract<PipelineEvent, { kind: K }>) => void;
};

/** Events by their kind; those without a handler are not shown. */
export function sinkOf(handlers: Handlers): EventSink {
  return (event) => {
    (handlers[event.kind] as EventSink | undefined)?.(event);
  };
}

class Drawing {
  readonly #options: LiveLogOptions;
  readonly #running = new Map<string, Running>();
  readonly #items = new Map<Phase | Part, LiveItem['state']>();
  readonly #failed = new Set<string>();
  /** The step that printed last. */
  #logged = '';

  constructor(options: LiveLogOptions) {
    this.#options = options;
  }

  /** The newest running steps; output lines below the step that printed last. */
  model(): LiveModel {
    const now = this.#options.now();
    const rows = [...this.#running].slice(-MOST_RUNNING).map(([key, one]): LiveRow => ({
      key,
      // Names and output lines come from the Dockerfile and its programs.
      label: cleanRow(one.label),
      figures: `${secondsText((now - one.since) / 1000)} ${movedText(one, now)}`.trimEnd(),
      log: key === this.#logged ? one.log.slice(-LOG_TAIL).map(cleanRow) : [],
    }));
    const items = [...this.#items].map(([key, state]) => ({ key, label: STEP_LABEL[key], state }));
    return { rows, items };
  }

  sink(): EventSink {
    const { style, marks, surface } = this.#options;
    const print = (mark: string, text: string): void => {
      surface.print(`${mark} ${cleanLines(text)}`);
    };
    return sinkOf({
      'build-log': ({ step, text }) => {
        // Output after the printed failure still says why.
        if (this.#failed.has(step)) {
          surface.print(cleanLines(indented([text])));
          return;
        }
        const running = this.#running.get(step);
        if (running === undefined) return;
        const lines = text.split('\n').filter((line) => line.trim() !== '');
        running.log = [...running.log, ...lines].slice(-LOG_KEPT);
        this.#logged = step;
      },
      transfer: (event) => {
        this.#moved(event.phase, event.digest, event);
      },
      'step-transfer': (event) => {
        this.#moved(event.step, '', event);
      },
      'steps-planned': ({ steps }) => {
        for (const step of steps) if (!this.#items.has(step)) this.#items.set(step, 'waiting');
      },
      part: ({ part, state }) => {
        this.#mark(part, state === 'done' ? 'done' : 'running');
      },
      'phase-started': ({ phase, detail = '' }) => {
        this.#mark(phase, 'running');
        this.#start(phase, `${PHASE_LABEL[phase]} ${detail}`.trim());
      },
      'build-step': ({ step }) => {
        this.#step(step);
      },
      'phase-done': ({ phase, detail, seconds, failed = false }) => {
        this.#mark(phase, failed ? 'off' : 'done');
        this.#running.delete(phase);
        const text = `${PHASE_LABEL[phase]}: ${detail} ${secondsText(seconds)}`;
        print(failed ? style.red(marks.failed) : style.green(marks.done), text);
      },
      'phase-off': ({ phase, reason }) => {
        this.#mark(phase, 'off');
        print(style.yellow(marks.off), `${PHASE_LABEL[phase]}: off, ${reason}`);
      },
      'build-warning': ({ text }) => {
        print(style.yellow('!'), text);
      },
      warning: ({ text, nextStep }) => {
        print(style.yellow('!'), nextStep === undefined ? text : `${text}\n  next: ${nextStep}`);
      },
      notice: ({ text }) => {
        print(style.dim(marks.note), text);
      },
      raw: ({ text }) => {
        surface.print(cleanLines(text));
      },
    });
  }

  /** Only planned steps are listed. */
  #mark(step: Phase | Part, state: LiveItem['state']): void {
    if (this.#items.has(step)) this.#items.set(step, state);
  }

  #start(key: string, label: string): void {
    const since = this.#options.now();
    this.#running.set(key, { label, since, moved: new Map(), movedSince: undefined, log: [] });
  }

  #moved(key: string, part: string, { done, total }: { done: number; total: number }): void {
    const running = this.#running.get(key);
    if (running === undefined) return;
    running.movedSince ??= this.#options.now();
    running.moved.set(part, { done, total: Math.max(done, total) });
  }

  #step({ digest, name, state, error, seconds = 0 }: BuildStep): void {
    const { style, surface, marks } = this.#options;
    if (state === 'started') {
      this.#start(digest, name);
      return;
    }
    const log = this.#running.get(digest)?.log ?? [];
    this.#running.delete(digest);
    if (state === 'failed' && !CANCELLED.test(error ?? '')) {
      this.#failed.add(digest);
      const lines = [`${name}: ${error ?? 'failed'}`, ...(log.length === 0 ? [] : [indented(log)])];
      surface.print(`${style.red(marks.failed)} ${cleanLines(lines.join('\n'))}`);
      return;
    }
    const end = { done: secondsText(seconds), cached: 'cached', failed: 'cancelled' }[state];
    // One column stays free: a terminal that fills its last one may wrap.
    const room = Math.max(20, this.#options.columns() - 1) - end.length - 3;
    const mark = state === 'failed' ? style.dim(marks.off) : style.green(marks.done);
    const shown = this.#options.fit(cleanRow(name), room);
    surface.print(`${mark} ${shown} ${state === 'done' ? end : style.dim(end)}`);
  }
}

/** `12.3 MB of 45.0 MB, 8.10 MB/s`; no total if it is not known, '' before anything moved. */
function movedText({ moved, movedSince }: Running, now: number): string {
  if (movedSince === undefined) return '';
  let [done, total] = [0, 0];
  for (const part of moved.values()) {
    done += part.done;
    total += part.total;
  }
  const elapsed = now - movedSince;
  const amount = total > done ? `${bytesText(done)} of ${bytesText(total)}` : bytesText(done);
  return elapsed < SHORT_MS ? amount : `${amount}, ${bytesText((done * 1000) / elapsed)}/s`;
}

function indented(log: readonly string[]): string {
  return log.map((line) => `  | ${line}`).join('\n');
}

/** Shorter runs never draw, so they never load the drawing code. */
const QUICK_MS = 150;

interface LazySurfaceOptions {
  /** For lines before anything is drawn. */
  readonly write: (text: string) => void;
  /** Loads the drawing code; if that fails, lines continue. */
  readonly load: () => Promise<() => LiveSurface>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A surface that opens with the first drawing after a moment; until then it only writes lines. */
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
