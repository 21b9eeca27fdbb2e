import type { BuildStep, EventSink, PipelineEvent } from '../model/events.ts';
import { secondsText } from '../model/quantity.ts';
import { unreachable } from '../model/result.ts';
import { cleanForTerminal, cleanLines } from './clean.ts';
import type { LiveModel, LiveSurface } from './live-model.ts';
import { LiveRows } from './live-rows.ts';
import type { Marks } from './marks.ts';
import { PHASE_LABEL } from './phase-text.ts';

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
