import type { EventSink, PipelineEvent } from '../model/events.ts';
import { cleanForTerminal } from './clean.ts';
import { PHASE_LABEL } from './phase-text.ts';
import { bytesText, secondsText } from './units.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const LOG_TAIL = 4;

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

/** Draws on a terminal `columns` wide; redraws on each event and every 100 ms while something runs. */
export function liveLog(options: {
  readonly write: (text: string) => void;
  readonly columns: number;
  readonly style: LiveStyle;
  readonly now: () => number;
}): LiveLog {
  const { write, style, now } = options;
  const width = Math.max(20, options.columns - 1);
  const running = new Map<string, { readonly label: string; readonly since: number }>();
  let logs: string[] = [];
  let transfer = '';
  let drawn = 0;
  let frame = 0;
  const cut = (text: string): string => {
    const clean = cleanForTerminal(text);
    return clean.length > width ? `${clean.slice(0, width - 1)}…` : clean;
  };
  const erase = (): void => {
    if (drawn > 0) write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    erase();
    const rows = [...running.values()]
      .slice(-4)
      .map(({ label, since }) =>
        cut(
          `${FRAMES[frame % FRAMES.length] ?? ''} ${label} ${secondsText((now() - since) / 1000)} ${transfer}`,
        ),
      );
    const tail =
      running.size > 0 ? logs.slice(-LOG_TAIL).map((text) => style.dim(cut(`  ${text}`))) : [];
    for (const row of [...rows, ...tail]) write(`${row}\n`);
    drawn = rows.length + tail.length;
  };
  const finished = (mark: string, text: string): void => {
    erase();
    write(`${mark} ${cut(text)}\n`);
  };
  const handle = (event: PipelineEvent): void => {
    switch (event.kind) {
      case 'phase-started':
        running.set(event.phase, {
          label: `${PHASE_LABEL[event.phase]} ${event.detail ?? ''}`.trim(),
          since: now(),
        });
        return;
      case 'phase-done':
        running.delete(event.phase);
        transfer = '';
        finished(
          style.green('✔'),
          `${PHASE_LABEL[event.phase]}: ${event.detail} ${secondsText(event.seconds)}`,
        );
        return;
      case 'phase-off':
        finished(style.yellow('○'), `${PHASE_LABEL[event.phase]}: off, ${event.reason}`);
        return;
      case 'build-step': {
        const { step } = event;
        if (step.state === 'started') running.set(step.digest, { label: step.name, since: now() });
        else {
          running.delete(step.digest);
          logs = [];
          if (step.state === 'failed')
            finished(style.red('✘'), `${step.name}: ${step.error ?? 'failed'}`);
          else
            finished(
              style.green('✔'),
              `${step.name} ${step.state === 'cached' ? style.dim('cached') : secondsText(step.seconds ?? 0)}`,
            );
        }
        return;
      }
      case 'build-log':
        logs = [...logs, ...event.text.split('\n').filter((t) => t.trim() !== '')].slice(-LOG_TAIL);
        return;
      case 'build-warning':
        finished(style.yellow('!'), event.text);
        return;
      case 'warning':
        finished(style.yellow('!'), event.text);
        if (event.nextStep !== undefined) write(`  next: ${cleanForTerminal(event.nextStep)}\n`);
        return;
      case 'notice':
        finished(style.dim('·'), event.text);
        return;
      case 'raw':
        erase();
        write(`${event.text.split('\n').map(cleanForTerminal).join('\n')}\n`);
        return;
      case 'transfer':
        transfer = `${bytesText(event.done)} of ${bytesText(event.total)}`;
        return;
      case 'file-normalised':
      case 'scorecard':
        return;
    }
  };
  const timer = setInterval(() => {
    frame += 1;
    if (running.size > 0) draw();
  }, 100);
  timer.unref();
  write('\u001b[?25l');
  return {
    sink: (event) => {
      handle(event);
      draw();
    },
    stop: () => {
      clearInterval(timer);
      erase();
      write('\u001b[?25h');
    },
  };
}
