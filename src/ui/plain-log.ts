import type { EventSink, PipelineEvent } from '../model/events.ts';
import { unreachable } from '../model/result.ts';
import { cleanLines } from './clean.ts';
import { PHASE_LABEL } from './phase-text.ts';
import { secondsText } from './units.ts';

/** Lines without cursor movement, for logs, CI and `--progress=plain`: BuildKit's steps as its own plain mode numbers them. */
export function plainLog(write: (text: string) => void): EventSink {
  const line = (text: string): void => {
    write(`${cleanLines(text)}\n`);
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
      case 'phase-started':
      case 'transfer':
      case 'step-transfer':
      case 'steps-planned':
      case 'part':
      case 'file-normalised':
      case 'scorecard':
        return;
      default:
        unreachable(event);
    }
  };
}
