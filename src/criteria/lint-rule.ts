import type { BuildAnalysis } from '../model/build-analysis.ts';
import { type Criterion, SPEC_URL } from '../model/criterion.ts';
import type {
  BuildContext,
  DockerfileModel,
  Instruction,
  SourceRange,
  Stage,
} from '../model/dockerfile.ts';
import type { DeclarationsFact, LeftBehind } from '../model/facts.ts';
import type { LintLevel, LintRule } from '../model/fix.ts';
import { secretName } from '../model/secret-names.ts';

export interface LintInput {
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  /** What the build leaves in the image. */
  readonly left: LeftBehind;
  readonly context?: BuildContext | undefined;
  /** The stages that the target reaches, in order. */
  readonly stages: readonly Stage[];
  /** The stages whose instructions make up the image, base first. */
  readonly finalStages: readonly Stage[];
  /** What the settings say of trusted images and the like. */
  readonly declarations: DeclarationsFact;
}

/** A rule's finding, at the range of the node, word or name. */
export interface RuleFinding {
  readonly range: SourceRange;
  readonly message: string;
  /** Set where it differs from the rule's. */
  readonly severity?: LintLevel;
}

export type RuleCheck = (input: LintInput) => readonly RuleFinding[];

/** A digest in good examples. */
export const PIN = `sha256:${'0'.repeat(64)}`;

export interface CheckedRule extends LintRule {
  readonly check: RuleCheck;
}

/** Levels 1 and 2 are what every image should meet. */
function levelOf({ level }: Criterion): LintLevel {
  if (level <= 2) return 'error';
  return level === 3 ? 'warning' : 'info';
}

/** What a Dockerfile shows of a criterion, as a rule: its words are those of the criterion. */
export function criterionRule(
  criterion: Criterion,
  own: Pick<CheckedRule, 'bad' | 'good' | 'check'>,
): CheckedRule {
  const { id, title, spec, decidedBy = '', remedies } = criterion;
  return {
    id,
    title,
    level: levelOf(criterion),
    help: decidedBy,
    remedy: remedies[0]?.title ?? title,
    ...own,
    specification: `${SPEC_URL}${spec}`,
  };
}

export function instructionsOf(
  stages: readonly Stage[],
  ...keywords: readonly string[]
): readonly Instruction[] {
  return stages.flatMap(({ instructions }) =>
    instructions.filter(({ keyword }) => keywords.includes(keyword)),
  );
}

/** An OpenPGP key's fingerprint, as release scripts spell the keys they trust. */
const FINGERPRINT = /^(?:0x)?[0-9A-F]{40}$/i;

/** The first characters of a range, on its first line. */
export function beginning({ startLine, startColumn }: SourceRange, length: number): SourceRange {
  return { startLine, startColumn, endLine: startLine, endColumn: startColumn + length };
}

/** Words `NAME=VALUE` of these instructions whose name says that the value is a secret, and why. */
export function secretNames(
  instructions: readonly Instruction[],
): readonly { readonly range: SourceRange; readonly word: string; readonly reason: string }[] {
  return instructions.flatMap(({ range, arguments: words, argumentRanges }) =>
    words.flatMap((text, at) => {
      const [word = '', value = ''] = text.split('=', 2);
      // A path names the file that the secret is read from; a fingerprint, a key that is public.
      const isPublic = value.startsWith('/') || (/KEYS?$/i.test(word) && FINGERPRINT.test(value));
      const reason = isPublic ? undefined : secretName(word);
      return reason === undefined
        ? []
        : [{ range: beginning(argumentRanges[at] ?? range, word.length), word, reason }];
    }),
  );
}

/** Findings about a file that is not a Dockerfile. */
export const PARSE_ERROR: LintRule = {
  id: 'parse-error',
  title: 'A Dockerfile that builds',
  level: 'error',
  help:
    'What BuildKit would refuse: an unknown instruction, flag or mount option, missing ' +
    'arguments, or an instruction before the first FROM. Also a stage name, port, signal or ' +
    'duration that is not valid, and a JSON array that contains anything but strings. Also a ' +
    'here-document that is not closed, and a `--target` that does not exist. Flags of newer ' +
    'BuildKits are accepted, and so is anything under the `# syntax` of another frontend. ' +
    'Nothing else is judged.',
  remedy: 'Fix the line',
  bad: 'FROM alpine:3.22\nRUNN echo\n',
  good: 'FROM alpine:3.22\nRUN echo\n',
};

/** Findings about a comment that should take findings back and does not. */
export const IGNORE_COMMENT: LintRule = {
  id: 'ignore-comment',
  title: 'Comments that ignore say what and why',
  level: 'warning',
  help:
    'A `# scoville: ignore=ID reason` comment without a reason (it ignores nothing), with an ' +
    'id that is not a rule, or with one that finds nothing on its line. It cannot be ignored ' +
    'itself.',
  remedy: 'Write the ids of the rules and the reason, or take the comment out',
  bad: '# scoville: ignore=latest-tag\nFROM debian\n',
  good: '# scoville: ignore=latest-tag rebuilt every night, and tested\nFROM debian\n',
};
