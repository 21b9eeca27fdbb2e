import { gate, type Shortfall } from '../../grading/gate.ts';
import type { GateAnswer } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { leastWords } from '../../plans/describe-plan.ts';
import type { PipelineContext } from '../context.ts';

export interface HeldToGate {
  /** Empty where the gate is met, or none is asked for. */
  readonly shortfalls: readonly Shortfall[];
  /** For reports; absent where nothing is asked for and no waiver is wrong. */
  readonly gate?: GateAnswer;
}

/** Holds the scorecard against `--min-level`, `--min-grade` and the settings. */
export function gateImage(
  context: Pick<PipelineContext, 'emit' | 'now'>,
  settings: Settings['gate'],
  scorecard: Scorecard,
): HeldToGate {
  const asked = leastWords(settings).join(' and ');
  if (asked === '' && settings.waivers.length === 0) return { shortfalls: [] };
  const result = gate(scorecard, { ...settings, now: context.now() });
  if (!result.ok) {
    const { shortfalls } = result.error;
    const unmet = shortfalls.map(({ message, criteria }) => `${message} (${criteria.join(', ')})`);
    return { shortfalls, gate: { asked: asked || 'sound waivers', unmet } };
  }
  const used = result.value.used.map(({ criterion, reason }) => `${criterion} waived: ${reason}`);
  context.emit({
    kind: 'phase-done',
    phase: 'gate',
    detail: [`${asked || 'waivers'} met`, ...used].join('; '),
    seconds: 0,
  });
  return { shortfalls: [], ...(asked === '' ? {} : { gate: { asked, unmet: [] } }) };
}
