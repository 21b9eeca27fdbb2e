import type { Digest } from '../../model/digest.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { Attached } from '../../pipeline/attach/attach-statements.ts';
import { gradeText, levelText } from '../../reporters/card-words.ts';

/** What an image is worth by what hangs on it now, one line. */
export function attachedText(digest: Digest, scorecard: Scorecard | undefined): string {
  const now =
    scorecard === undefined
      ? 'not graded again'
      : `${levelText(scorecard)}, ${gradeText(scorecard)}`;
  return `${digest}  ${now}\n`;
}

/** The same as JSON, with what was attached; no level and grade if it was not graded again. */
export function attachedJson(image: string, { digest, referrers, scorecard }: Attached): object {
  return {
    image,
    digest,
    referrers: referrers.map((one) => one.digest),
    ...(scorecard === undefined ? {} : { level: scorecard.level, grade: scorecard.overall.grade }),
  };
}
