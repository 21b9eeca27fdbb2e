import type { EventSink, PipelineEvent } from '../model/events.ts';
import { bytesText, secondsText } from '../model/quantity.ts';
import { unreachable } from '../model/result.ts';
import { cleanLines } from './clean.ts';
import { PHASE_LABEL, STEP_LABEL } from './phase-text.ts';

type Started = Extract<PipelineEvent, { kind: 'phase-started' }>;
type PartEvent = Extract<PipelineEvent, { kind: 'part' }>;
type Transfer = Extract<PipelineEvent, { kind: 'transfer' }>;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function startText({ phase, detail = '', bytes }: Started): string {
  const size = bytes === undefined ? '' : `, ${bytesText(bytes)}`;
  return `scoville: ${PHASE_LABEL[phase]}: ${detail}${size} ...`;
}

function partText({ part, state, detail = '', seconds = 0 }: PartEvent): string {
  const end = state === 'started' ? ' ...' : ` (${secondsText(seconds)})`;
  return `scoville: ${STEP_LABEL[part]}: ${detail}${end}`;
}

/** A transfer that takes longer says so then, and after twice the time each. */
const SAY_FIRST_MS = 5000;

/**
 * Lines without cursor movement, for logs, CI and `--progress=plain`: BuildKit's steps as its own
 * plain mode numbers them, and how far a long transfer is. `now` gives milliseconds.
 */
export function plainLog(write: (text: string) => void, now: () => number = Date.now): EventSink {
  const line = (text: string): void => {
    write(`${cleanLines(text)}\n`);
  };
  const moved = new Map<string, { readonly done: number; readonly total: number }>();
  let said = now();
  let pause = SAY_FIRST_MS;
  const transferred = ({ phase, digest, done, total }: Transfer): void => {
    moved.set(`${phase} ${digest}`, { done, total });
    if (now() - said < pause) return;
    said = now();
    pause *= 2;
    const own = [...moved].flatMap(([key, one]) => (key.startsWith(`${phase} `) ? [one] : []));
    const [all, of] = [sum(own.map((one) => one.done)), sum(own.map((one) => one.total))];
    line(`scoville: ${PHASE_LABEL[phase]}: ${bytesText(all)} of ${bytesText(of)}`);
  };
  return (event: PipelineEvent): void => {
    switch (event.kind) {
      case 'build-line':
        line(event.text);
        return;
      case 'phase-done':
        line(
          `scoville: ${PHASE_LABEL[event.phase]}: ${event.detail} (${event.cached === true ? 'cached, ' : ''}${secondsText(event.seconds)})`,
        );
        return;
      case 'phase-started':
        said = now();
        pause = SAY_FIRST_MS;
        if (event.detail !== undefined) line(startText(event));
        return;
      case 'part':
        if (event.detail !== undefined) line(partText(event));
        return;
      case 'transfer':
        transferred(event);
        return;
      case 'phase-off':
        line(`scoville: ${PHASE_LABEL[event.phase]}: off, ${event.reason}`);
        return;
      case 'notice':
        line(`scoville: ${event.text}`);
        return;
      case 'warning':
        line(`scoville: warning: ${event.text}`);
        if (event.nextStep !== undefined) line(`  next: ${event.nextStep}`);
        return;
      // What the build printed has come as lines.
      case 'build-step':
      case 'build-log':
      case 'build-warning':
      case 'build-json':
      case 'raw':
      case 'step-transfer':
      case 'steps-planned':
      case 'file-normalised':
      case 'scorecard':
        return;
      default:
        unreachable(event);
    }
  };
}
