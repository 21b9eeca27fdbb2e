import { type CriterionResult, LEVEL_NAMES } from '../model/criterion.ts';
import type { Digest } from '../model/reference.ts';
import type { NotGraded, PlatformScore, Scorecard } from '../model/scorecard.ts';
import type { Waiver } from '../model/settings.ts';
import { levelOf, scoreOf, suggest, vectorScores } from './score.ts';

/** One platform's image and every criterion's answer on it. */
export interface JudgedPlatform {
  /** `linux/amd64`. */
  readonly platform: string;
  /** Of the platform's image manifest. */
  readonly digest: Digest;
  readonly criteria: readonly CriterionResult[];
  /** The same without what only the image says about itself. */
  readonly unclaimed?: readonly CriterionResult[];
}

interface ScorecardInput {
  readonly toolVersion: string;
  readonly image: string;
  /** The published descriptor: index or manifest. */
  readonly digest: Digest;
  /** RFC 3339. */
  readonly gradedAt: string;
  /** At least one. */
  readonly platforms: readonly [JudgedPlatform, ...JudgedPlatform[]];
  readonly notGraded?: readonly NotGraded[];
  readonly waivers?: readonly Waiver[];
  readonly trust?: Scorecard['trust'];
  readonly notices?: readonly string[];
}

function platformScore({ platform, digest, criteria, unclaimed }: JudgedPlatform): PlatformScore {
  const overall = scoreOf(criteria);
  const bare = scoreOf(unclaimed ?? criteria);
  return {
    platform,
    digest,
    level: levelOf(criteria),
    overall,
    ...(bare.points < overall.points
      ? { withoutClaims: { level: levelOf(unclaimed ?? criteria), overall: bare } }
      : {}),
    vectors: vectorScores(criteria),
    criteria,
  };
}

/** The platform with the lowest level, then the fewest points; the first of several equal ones. */
function worst(first: PlatformScore, rest: readonly PlatformScore[]): PlatformScore {
  return rest.reduce((low, next) => {
    const byLevel = next.level - low.level;
    return byLevel < 0 || (byLevel === 0 && next.overall.points < low.overall.points) ? next : low;
  }, first);
}

/** The judgment of an image from its platforms' results; its score is that of the worst one. */
export function assembleScorecard(input: ScorecardInput): Scorecard {
  const [head, ...tail] = input.platforms;
  const first = platformScore(head);
  const rest = tail.map(platformScore);
  const { level, overall, withoutClaims, vectors, criteria } = worst(first, rest);
  const { notGraded = [], trust = [], notices = [] } = input;
  return {
    schemaVersion: '1',
    tool: { name: 'scoville', version: input.toolVersion },
    image: input.image,
    digest: input.digest,
    gradedAt: input.gradedAt,
    platforms: [first, ...rest],
    ...(notGraded.length === 0 ? {} : { notGraded }),
    ...(trust.length === 0 ? {} : { trust }),
    ...(notices.length === 0 ? {} : { notices }),
    level,
    levelName: LEVEL_NAMES[level] ?? LEVEL_NAMES[0],
    overall,
    checked: scoreOf(criteria.filter(({ outcome }) => outcome !== 'unknown')),
    ...(withoutClaims === undefined ? {} : { withoutClaims }),
    vectors,
    criteria,
    suggestions: suggest(criteria),
    waivers: input.waivers ?? [],
  };
}
