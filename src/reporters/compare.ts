import type { Outcome } from '../model/criterion.ts';
import type { ComparedImage, Comparison, ReportInput } from '../model/report.ts';
import { layersSize } from './layers.ts';

/** The sum over all platforms; undefined where one of them is not known. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce<number | undefined>(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
}

/** An image as a column: its verdict, and its size and packages where they are known. */
export function comparedImage({ scorecard, contents = [] }: ReportInput): ComparedImage {
  const { image, digest, level, levelName, overall, vectors } = scorecard;
  const size = sum(contents.map(layersSize));
  const packages = sum(
    contents.map(({ facts }) => (facts.packages.known ? facts.packages.value.length : undefined)),
  );
  return {
    image,
    digest,
    level,
    levelName,
    overall,
    vectors,
    ...(size === undefined ? {} : { size }),
    ...(packages === undefined ? {} : { packages }),
  };
}

/** Images side by side: their results, and the outcome of each criterion that applied to any. */
export function compareScorecards(images: readonly ReportInput[]): Comparison {
  const outcomes = images.map(
    ({ scorecard }) => new Map(scorecard.criteria.map(({ id, outcome }) => [id, outcome])),
  );
  const all = images.flatMap(({ scorecard }) => scorecard.criteria);
  const first = new Map(all.toReversed().map((one) => [one.id, one]));
  const ids = [...new Set(all.map(({ id }) => id))];
  return {
    images: images.map(comparedImage),
    criteria: ids.flatMap((id) => {
      const one = first.get(id);
      if (one === undefined) return [];
      const { title, vector, level } = one;
      const row = outcomes.map((of): Outcome | undefined => of.get(id));
      return [{ id, title, vector, level, outcomes: row }];
    }),
  };
}
