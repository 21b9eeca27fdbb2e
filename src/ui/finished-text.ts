import type { PipelineEvent } from '../model/events.ts';
import { unreachable } from '../model/result.ts';
import { cleanLines } from './clean.ts';
import type { Marks } from './marks.ts';
import { PHASE_LABEL } from './phase-text.ts';
import { secondsText } from './units.ts';

/** Styles of the live log; identity functions where there is no colour. */
export interface LiveStyle {
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** What is printed once and stays: never cut, for it contains paths, digests and next steps that are copied. */
export function finishedText(
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
