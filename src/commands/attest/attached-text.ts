import { EXIT } from '../../model/errors.ts';
import type { Attached } from '../../pipeline/attach/attach-statements.ts';
import { gradeText, levelText } from '../../reporters/card-words.ts';

/** What an image is worth by what hangs on it now, one line; or that its verdict stays. */
export function attachedText({ digest, scorecard, kept }: Attached): string {
  const now =
    scorecard === undefined
      ? 'not graded again'
      : `${levelText(scorecard)}, ${gradeText(scorecard)}`;
  const stays = kept?.level === undefined ? '' : `: level ${kept.level}`;
  return `${digest}  ${kept === undefined ? now : `the signed verdict stays${stays}`}\n`;
}

/** The same as JSON, with what was attached; no level and grade if it was not graded again. */
export function attachedJson(
  image: string,
  { digest, referrers, scorecard, kept }: Attached,
): object {
  const now =
    scorecard === undefined ? {} : { level: scorecard.level, grade: scorecard.overall.grade };
  return {
    image,
    digest,
    referrers: referrers.map((one) => one.digest),
    ...(kept === undefined
      ? { ...now, ...(scorecard === undefined ? {} : { verdict: 'renewed' }) }
      : { ...(kept.level === undefined ? {} : { level: kept.level }), verdict: 'kept' }),
    ...(kept === undefined
      ? {}
      : { wouldBe: { ...now, criteria: kept.criteria, reasons: kept.reasons } }),
  };
}

/**
 * Short, where a fault that is known now keeps a lower verdict from being signed. What is merely
 * not known here takes nothing from the verdict that is there.
 */
export function attachedExit(kept: Attached['kept']): number {
  const isWorse =
    kept !== undefined &&
    (kept.criteria.some(({ outcome }) => outcome === 'fail') || kept.criteria.length === 0);
  return isWorse ? EXIT.short : EXIT.met;
}
