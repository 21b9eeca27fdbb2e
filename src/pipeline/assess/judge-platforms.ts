import { assembleScorecard, type JudgedPlatform } from '../../grading/scorecard.ts';
import { type CriterionResult, isMet } from '../../model/criterion.ts';
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

/** Criteria that a signed verdict met, about what does not change for a digest. */
export interface CarriedVerdict {
  readonly criteria: ReadonlySet<string>;
  /** RFC 3339. */
  readonly statedAt: string;
}

/** Judges every criterion on every platform. Nothing is read here: facts in, scorecard out. */
export function judgePlatforms(
  context: Pick<PipelineContext, 'version' | 'now'>,
  image: {
    readonly name: string;
    readonly digest: Digest;
    readonly settings: Pick<Settings, 'gate' | 'origins'>;
    readonly notGraded?: readonly NotGraded[];
    readonly carried?: CarriedVerdict | undefined;
  },
  platforms: readonly PlatformFacts[],
): Scorecard {
  const judged = platforms.map(({ platform, digest, facts }): JudgedPlatform => {
    const criteria = judgeImage(facts).map((one) => withCarried(one, image.carried));
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

function withCarried(now: CriterionResult, carried: CarriedVerdict | undefined): CriterionResult {
  if (isMet(now.outcome) || carried?.criteria.has(now.id) !== true) return now;
  const text = `met by the signed verdict of ${carried.statedAt}; without what that build knew: ${now.summary}`;
  const note = { kind: 'note', text } as const;
  const summary = 'met when it was built, by its signed verdict';
  const verdict = { outcome: 'pass', summary, source: 'verified-attestation' } as const;
  return { ...now, ...verdict, evidence: [note, ...now.evidence] };
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
