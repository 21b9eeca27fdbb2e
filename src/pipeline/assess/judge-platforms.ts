import { assembleScorecard, type JudgedPlatform } from '../../grading/scorecard.ts';
import type { Digest } from '../../model/digest.ts';
import type { Facts } from '../../model/facts.ts';
import type { ImageContents } from '../../model/report.ts';
import type { NotGraded, Scorecard, Suggestion } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { judgeImage, judgeUnclaimed } from '../../rules/judge-image.ts';
import { fixCommand } from '../../rules/verdicts.ts';
import type { PipelineContext } from '../context.ts';
import { shownVerdict } from './shown-texts.ts';

/** What is known of one platform's image, for verdicts and for reports. */
export interface PlatformFacts extends ImageContents {
  /** Of its manifest. */
  readonly digest: Digest;
  readonly facts: Facts;
  /** What a reader should know of where they come from. */
  readonly notices?: readonly string[];
}

/** Judges every criterion on every platform. Nothing is read here: facts in, scorecard out. */
export function judgePlatforms(
  context: Pick<PipelineContext, 'version' | 'now'>,
  image: {
    readonly name: string;
    readonly digest: Digest;
    readonly settings: Pick<Settings, 'gate' | 'origins'>;
    readonly notGraded?: readonly NotGraded[];
  },
  platforms: readonly PlatformFacts[],
): Scorecard {
  const judged = platforms.map(({ platform, digest, facts }): JudgedPlatform => {
    const criteria = judgeImage(facts);
    const unclaimed = judgeUnclaimed(facts, criteria).map(shownVerdict);
    return { platform, digest, criteria: criteria.map(shownVerdict), unclaimed };
  });
  const [first, ...rest] = judged;
  if (first === undefined) throw new Error('an image without a platform was graded');
  const scorecard = assembleScorecard({
    toolVersion: context.version,
    image: image.name,
    digest: image.digest,
    gradedAt: new Date(context.now()).toISOString(),
    platforms: [first, ...rest],
    waivers: image.settings.gate.waivers,
    trust: trustOf(image.settings),
    notices: [...new Set(platforms.flatMap(({ notices = [] }) => notices))],
    ...(image.notGraded === undefined ? {} : { notGraded: image.notGraded }),
  });
  return { ...scorecard, suggestions: scorecard.suggestions.map((one) => withFix(one, scorecard)) };
}

/** What files say of trust, and what counts of it. */
function trustOf({ origins }: Pick<Settings, 'origins'>): NonNullable<Scorecard['trust']> {
  return origins
    .filter(({ isTrust }) => isTrust)
    .map(({ setting, source, file }) => ({ setting, source, file }));
}

/** Names the command that makes the change, for what is known to fail. */
function withFix(suggestion: Suggestion, { criteria }: Scorecard): Suggestion {
  const fails = criteria.some(
    ({ id, outcome }) => id === suggestion.criterion && outcome === 'fail',
  );
  const fix = fails ? fixCommand(suggestion.criterion) : undefined;
  return fix === undefined ? suggestion : { ...suggestion, fix };
}
