import type { NotGraded, Scorecard } from '../model/scorecard.ts';

const REASONS: Readonly<Record<NotGraded['reason'], string>> = {
  'not-held': 'the index lists it, the place that was read does not contain it',
  'not-read':
    'the index lists it as something that cannot be read as an image; an engine may run it',
  'not-listed': 'the image has none',
};

/** What a reader has to know before the score: platforms that it does not speak of. */
export const NOT_GRADED_HEADING = 'Not graded, so that the score does not speak of it';

/** A line for each platform that could not be judged. */
export function notGradedLines({ notGraded = [] }: Scorecard): readonly string[] {
  return notGraded.map(({ platform, reason }) => `${platform}: ${REASONS[reason]}`);
}
