import type { BuildStep, EventSink, PipelineEvent } from '../model/events.ts';
import { unreachable } from '../model/result.ts';
import { cleanForTerminal, cleanLines } from './clean.ts';
import { LiveScreen } from './live-screen.ts';
import { PHASE_LABEL } from './phase-text.ts';
import { RunningRows } from './running-rows.ts';
import { secondsText } from './units.ts';

const REDRAW_MS = 100;

/** Styles of the live log; identity functions where there is no colour. */
export interface LiveStyle {
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** A live log: what is done scrolls up as lines, what runs stays on the last lines. `stop` leaves the terminal as it was. */
export interface LiveLog {
  readonly sink: EventSink;
  readonly stop: () => void;
}

export interface LiveLogOptions {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly style: LiveStyle;
  /** Milliseconds. */
  readonly now: () => number;
  /** Cuts clean text to so many columns. */
  readonly fit: (text: string, columns: number) => string;
}

/** Draws on a terminal `columns` wide; redraws on what changes a line and every 100 ms while something runs. */
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
      drawing.screen.close();
    },
  };
}

class Drawing {
  readonly screen: LiveScreen;
  readonly #options: LiveLogOptions;
  /** One column stays free: a terminal that fills its last one may wrap. */
  readonly #width: number;
  readonly #rows = new RunningRows();
  #frame = 0;

  constructor(options: LiveLogOptions) {
    this.#options = options;
    this.#width = Math.max(20, options.columns - 1);
    this.screen = new LiveScreen(options.write);
  }

  tick(): void {
    this.#frame += 1;
    this.#draw();
  }

  show(event: PipelineEvent): void {
    const { style, now } = this.#options;
    switch (event.kind) {
      case 'build-log':
        // Drawn by the timer, as transfers are: a step may print thousands of lines a second.
        this.#rows.log(event.text);
        return;
      case 'transfer':
        this.#rows.transfer(event.phase, event.done, event.total);
        return;
      case 'build-line':
      case 'build-json':
      case 'file-normalised':
      case 'scorecard':
        return;
      case 'phase-started': {
        const label = `${PHASE_LABEL[event.phase]} ${event.detail ?? ''}`.trim();
        this.#rows.start(event.phase, label, now());
        break;
      }
      case 'build-step':
        this.#step(event.step);
        break;
      case 'phase-done':
        this.#rows.endPhase(event.phase);
        this.screen.print(finishedText(event, style));
        break;
      case 'phase-off':
      case 'build-warning':
      case 'warning':
      case 'notice':
      case 'raw':
        this.screen.print(finishedText(event, style));
    }
    this.#draw();
  }

  #step(step: BuildStep): void {
    const { style, now } = this.#options;
    if (step.state === 'started') {
      this.#rows.start(step.digest, step.name, now());
      return;
    }
    this.#rows.end(step.digest);
    if (step.state === 'failed') {
      const text = `${step.name}: ${step.error ?? 'failed'}`;
      this.screen.print(`${style.red('✘')} ${cleanLines(text)}`);
      return;
    }
    const end = step.state === 'cached' ? 'cached' : secondsText(step.seconds ?? 0);
    const name = this.#fit(step.name, this.#width - end.length - 3);
    this.screen.print(
      `${style.green('✔')} ${name} ${step.state === 'cached' ? style.dim(end) : end}`,
    );
  }

  #draw(): void {
    const { now, style } = this.#options;
    const { running, log } = this.#rows.texts(now(), this.#frame);
    this.screen.draw([
      ...running.map((text) => this.#fit(text, this.#width)),
      ...log.map((text) => style.dim(this.#fit(text, this.#width))),
    ]);
  }

  /** Cleaned and cut before it is styled: a style's own escape codes must stay whole, and take no columns. */
  #fit(text: string, columns: number): string {
    return this.#options.fit(cleanForTerminal(text.replace(/[\t\n]/g, ' ')), columns);
  }
}

/** What is told once and stays: never cut, for it holds paths, digests and next steps that are copied. */
function finishedText(
  event: Extract<
    PipelineEvent,
    { kind: 'phase-done' | 'phase-off' | 'build-warning' | 'warning' | 'notice' | 'raw' }
  >,
  style: LiveStyle,
): string {
  switch (event.kind) {
    case 'phase-done': {
      const text = `${PHASE_LABEL[event.phase]}: ${event.detail} ${secondsText(event.seconds)}`;
      return `${style.green('✔')} ${cleanLines(text)}`;
    }
    case 'phase-off':
      return `${style.yellow('○')} ${cleanLines(`${PHASE_LABEL[event.phase]}: off, ${event.reason}`)}`;
    case 'build-warning':
      return `${style.yellow('!')} ${cleanLines(event.text)}`;
    case 'warning': {
      const next = event.nextStep === undefined ? '' : `\n  next: ${event.nextStep}`;
      return `${style.yellow('!')} ${cleanLines(event.text + next)}`;
    }
    case 'notice':
      return `${style.dim('·')} ${cleanLines(event.text)}`;
    case 'raw':
      return cleanLines(event.text);
    default:
      return unreachable(event);
  }
}
