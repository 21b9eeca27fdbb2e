import { gate, type Shortfall } from '../../grading/gate.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { leastWords } from '../../plans/describe-plan.ts';
import type { PipelineContext } from '../context.ts';

/** Holds the scorecard against `--min-level`, `--min-grade` and the settings; what it is short of, empty where the gate is met. */
export function gateImage(
  context: Pick<PipelineContext, 'emit' | 'now'>,
  asked: Settings['gate'],
  scorecard: Scorecard,
): readonly Shortfall[] {
  const least = leastWords(asked);
  if (least.length === 0 && asked.waivers.length === 0) return [];
  const result = gate(scorecard, { ...asked, now: context.now() });
  if (!result.ok) return result.error.shortfalls;
  const used = result.value.used.map(({ criterion, reason }) => `${criterion} waived: ${reason}`);
  context.emit({
    kind: 'phase-done',
    phase: 'gate',
    detail: [`${least.join(' and ') || 'waivers'} met`, ...used].join('; '),
    seconds: 0,
  });
  return [];
}
