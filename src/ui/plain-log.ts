import type { BuildStep, EventSink, PipelineEvent } from '../model/events.ts';
import { unreachable } from '../model/result.ts';
import { cleanLines } from './clean.ts';
import { PHASE_LABEL } from './phase-text.ts';
import { secondsText } from './units.ts';

/** Lines without cursor movement, for logs, CI and `--progress=plain`: BuildKit's steps as its own plain mode numbers them. */
export function plainLog(write: (text: string) => void): EventSink {
  const numbers = new Map<string, number>();
  const numberOf = (digest: string): { readonly number: number; readonly isNew: boolean } => {
    const found = numbers.get(digest);
    if (found !== undefined) return { number: found, isNew: false };
    numbers.set(digest, numbers.size + 1);
    return { number: numbers.size, isNew: true };
  };
  const line = (text: string): void => {
    write(`${cleanLines(text)}\n`);
  };
  const step = (s: BuildStep): void => {
    const { number, isNew } = numberOf(s.digest);
    if (isNew) line(`#${number} ${s.name}`);
    if (s.state === 'done') line(`#${number} DONE ${secondsText(s.seconds ?? 0)}`);
    if (s.state === 'cached') line(`#${number} CACHED`);
    if (s.state === 'failed') line(`#${number} ERROR: ${s.error ?? 'failed'}`);
  };
  return (event: PipelineEvent): void => {
    switch (event.kind) {
      case 'build-step':
        step(event.step);
        return;
      case 'build-log':
        for (const text of event.text.split('\n'))
          if (text.trim() !== '') line(`#${numberOf(event.step).number} ${text}`);
        return;
      case 'build-warning':
        line(`WARNING: ${event.text}`);
        return;
      case 'raw':
        line(event.text);
        return;
      case 'phase-done':
        line(
          `scoville: ${PHASE_LABEL[event.phase]}: ${event.detail} (${event.cached === true ? 'cached, ' : ''}${secondsText(event.seconds)})`,
        );
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
      case 'phase-started':
      case 'transfer':
      case 'file-normalised':
      case 'scorecard':
        return;
      default:
        unreachable(event);
    }
  };
}
