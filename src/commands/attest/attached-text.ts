import type { Digest } from '../../model/digest.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { gradeText, levelText } from '../../reporters/card-words.ts';

/** What an image is worth by what hangs on it now, one line. */
export function attachedText(digest: Digest, scorecard: Scorecard | undefined): string {
  const now =
    scorecard === undefined
      ? 'not graded again'
      : `${levelText(scorecard)}, ${gradeText(scorecard)}`;
  return `${digest}  ${now}\n`;
}
