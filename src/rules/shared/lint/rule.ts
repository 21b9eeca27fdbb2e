import type { BuildAnalysis } from '../../../model/build-analysis.ts';
import type {
  DockerfileModel,
  Instruction,
  SourceRange,
  Stage,
} from '../../../model/dockerfile.ts';
import type { LintLevel, LintRule } from '../../../model/lint.ts';
import type { ImageReference } from '../../../model/reference.ts';

/** What the criteria know of names and values; the caller hands it in, for it is decided there. */
export interface LintKnowledge {
  /** Why a variable of this name holds a secret. */
  readonly secretName: (name: string) => string | undefined;
  /** Secrets that an instruction spells out, masked. */
  readonly secretsIn: (instruction: Instruction) => readonly string[];
  /** Whether the table of minimal bases names this image, or excepts it; undefined where it does not know it. */
  readonly minimalBase: (
    reference: ImageReference,
  ) => { readonly minimal: boolean; readonly reason: string } | undefined;
}

export interface LintInput {
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  /** The stages that the target reaches, in order. */
  readonly stages: readonly Stage[];
  /** The stages whose instructions make up the image, base first. */
  readonly finalStages: readonly Stage[];
  readonly knowledge: LintKnowledge;
}

/** What a rule finds. */
export interface RuleFinding {
  readonly range: SourceRange;
  readonly message: string;
  /** The word in the range that it is about. */
  readonly word?: string;
  /** Where it weighs other than its rule. */
  readonly severity?: LintLevel;
}

export type RuleCheck = (input: LintInput) => readonly RuleFinding[];

/** A rule that no criterion decides. */
export interface OwnRule extends LintRule {
  readonly check: RuleCheck;
}

/** Instructions with this keyword. */
export function instructionsOf(
  stages: readonly Stage[],
  ...keywords: readonly string[]
): readonly Instruction[] {
  return stages.flatMap(({ instructions }) =>
    instructions.filter(({ keyword }) => keywords.includes(keyword)),
  );
}

/** Of an OpenPGP key, as release scripts spell the keys they trust. */
const FINGERPRINT = /^(?:0x)?[0-9A-F]{40}$/i;

/** Words `NAME=VALUE` of these instructions whose name says that the value is a secret, and why. */
export function secretNames(
  instructions: readonly Instruction[],
  { secretName }: LintKnowledge,
): readonly { readonly range: SourceRange; readonly word: string; readonly reason: string }[] {
  return instructions.flatMap(({ range, arguments: words }) =>
    words.flatMap((text) => {
      const [word = '', value = ''] = text.split('=', 2);
      // A path names the file that the secret is read from; a fingerprint, a key that is public.
      const isPublic = value.startsWith('/') || (/KEYS?$/i.test(word) && FINGERPRINT.test(value));
      const reason = isPublic ? undefined : secretName(word);
      return reason === undefined ? [] : [{ range, word, reason }];
    }),
  );
}
