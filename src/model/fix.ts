import type { Result } from '../lib/errors.ts';
import type { BuildAnalysis } from './build-analysis.ts';
import type { DockerfileModel, DockerfileSource, SourceRange } from './dockerfile.ts';
import type { LeftBehind } from './facts.ts';
import type { ImageConfig } from './image.ts';
import type { Package } from './packages.ts';
import { type Digest, formatReference, type ImageReference, withDefaultTag } from './reference.ts';
import type { Grade, Scorecard } from './scorecard.ts';
import type { SmokeResult } from './template.ts';

/** Replaces a stretch of a file: UTF-16 offsets of the text as it is before any edit. */
export interface TextEdit {
  readonly start: number;
  /** Behind the last character that is replaced; `start` where text is only added. */
  readonly end: number;
  readonly text: string;
}

/** How likely the image does something else afterwards, least first. */
export const RISKS = ['none', 'low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** A file to edit. `Dockerfile`: the Dockerfile under any name; a missing file counts as empty. */
export type FixFile = 'Dockerfile' | '.dockerignore';

/** What a rule proposes. */
export interface ProposedEdit {
  /** Subject (`node:22`), the same each run. A rule's proposals with one key are one edit. */
  readonly key: string;
  /** Imperative, one line. */
  readonly title: string;
  readonly why: string;
  readonly risk: Risk;
  readonly riskReason: string;
  /** The criterion that it serves, where that is not its rule's. */
  readonly criterion?: string;
  /** Criteria that are met once it is applied, though the Dockerfile alone does not show it. */
  readonly meets?: readonly string[];
  readonly file: FixFile;
  /** First line that changes, from 1. */
  readonly line: number;
  readonly edits: readonly TextEdit[];
}

/** What an edit is worth. */
export interface Gain {
  /** Criteria that are then met, and were not. */
  readonly criteria: readonly string[];
  /** For these criteria, less one for each that is no longer met. */
  readonly points: number;
  /** Overall grade and level afterwards; absent if unchanged or only the Dockerfile is known. */
  readonly grade?: Grade;
  readonly level?: number;
  /** Ids of the other edits that are needed for it. */
  readonly together: readonly string[];
}

/** An edit that can be shown, asked about and applied by itself. */
export interface PlannedEdit extends ProposedEdit {
  /** `RULE:KEY`. */
  readonly id: string;
  readonly rule: string;
  readonly gain?: Gain;
}

/** What a rule leaves alone, and why. */
export interface Refusal {
  readonly rule: string;
  readonly criterion?: string;
  readonly reason: string;
  readonly line: number;
  /** The one command or flag that would decide it. */
  readonly settle?: string;
}

/** True where a risk is no higher than the highest that is allowed. */
export function isWithin(risk: Risk, most: Risk): boolean {
  return RISKS.indexOf(risk) <= RISKS.indexOf(most);
}

/** What is known of an image that a stage stands on. */
export interface BaseImage {
  readonly config: ImageConfig;
  /** Name to uid by its etc/passwd; undefined where it has none or its layers were not read. */
  readonly passwd?: Readonly<Record<string, number>>;
  readonly packages?: readonly Pick<Package, 'type' | 'name' | 'version'>[];
  /** Paths of its setuid and setgid files. */
  readonly elevated?: readonly string[];
  /** True where a path is in it; undefined where its layers were not read. */
  readonly has?: (path: string) => boolean;
}

/** A file that an address led to just now. */
export interface FetchedFile {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Kinds of facts that rules ask for; each is gathered only where a wanted rule needs it. */
export type FixNeed = 'digests' | 'versions' | 'hashes' | 'bases' | 'context' | 'git';

export type InstalledVersion = Pick<Package, 'name' | 'version'> & { readonly type: string };

/** The name that identifies an image: by its tag, if any, whatever digest an edit has added. */
export function baseKey({ digest, ...reference }: ImageReference): string {
  const tagged = reference.tag === undefined && digest !== undefined;
  return formatReference(tagged ? { ...reference, digest } : withDefaultTag(reference));
}

/** What was found for the rules. An error says why it is unknown; absent if nobody asked for it. */
export interface FixFacts {
  /** Digests of images by full reference with its tag (`docker.io/library/node:22`). */
  readonly digests: ReadonlyMap<string, Result<Digest>>;
  /** Packages that a stage installed, or with a build all that it contains, by stage index. */
  readonly versions: ReadonlyMap<number, Result<readonly InstalledVersion[]>>;
  /** Files by address. */
  readonly hashes: ReadonlyMap<string, Result<FetchedFile>>;
  /** Images by `baseKey` of their reference. */
  readonly bases: ReadonlyMap<string, Result<BaseImage>>;
  /** Names at the top of the build context; undefined where it is not known. */
  readonly context: readonly string[] | undefined;
  /** Text of the ignore file that holds for this Dockerfile; undefined where there is none. */
  readonly ignoreFile: string | undefined;
  /** Address of the repository, for a label. */
  readonly repository: string | undefined;
}

export interface FixOptions {
  /** Ask again for digests of references that are pinned and have a tag. */
  readonly refresh: boolean;
  /** Freeze package archives at this date (`20261124T000000Z`) instead of pinning packages. */
  readonly freeze?: string;
  /** Where distroless images are: `gcr.io/distroless`, or a mirror of it. */
  readonly distroless: string;
}

export interface FixInput {
  readonly source: DockerfileSource;
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  /** What the build leaves in the image. */
  readonly left: () => LeftBehind;
  /** Indexes of the stages that the image is made of, base first. */
  readonly imageStages: readonly number[];
  /** Names of the arguments that `--build-arg` gives. */
  readonly givenArguments: readonly string[];
  /** Text of a file of the build context by its path in it; undefined where there is none. */
  readonly contextFile: (path: string) => string | undefined;
  readonly facts: FixFacts;
  readonly options: FixOptions;
}

export interface FixPlan {
  readonly edits: readonly ProposedEdit[];
  readonly refusals: readonly Omit<Refusal, 'rule' | 'criterion'>[];
}

/**
 * One remedy as edits: pure, and with nothing left to do where it has been applied. docs/fix.md has
 * a section about each.
 */
export interface FixRule {
  readonly id: string;
  /** The criterion that it serves. */
  readonly criterion?: string;
  /** The `scoville lint` rule whose ignore comments apply to it, if that is not the criterion. */
  readonly lint?: string;
  readonly needs: readonly FixNeed[];
  readonly plan: (input: FixInput) => FixPlan;
}

/** What a Dockerfile came to when it was built. */
export interface ProvenBuild {
  readonly scorecard: Scorecard;
  readonly smoke: SmokeResult;
}

/** An edit that is not kept, and what it broke. */
export interface TakenBack {
  readonly edit: PlannedEdit;
  readonly broke: 'build' | 'answer' | 'grade';
  readonly reason: string;
  /** The end of what the failed build or container printed. */
  readonly log: string;
}

/** What building before and after the edits has shown. */
export interface FixProof {
  readonly before: ProvenBuild;
  readonly after: ProvenBuild;
  readonly takenBack: readonly TakenBack[];
  /** How many images were built. */
  readonly builds: number;
}

/** Worst first. */
export const LINT_LEVELS = ['error', 'warning', 'info'] as const;
export type LintLevel = (typeof LINT_LEVELS)[number];

/** A rule of `scoville lint`, as its documentation shows it. */
export interface LintRule {
  readonly id: string;
  readonly title: string;
  /** What a finding weighs, where the finding itself does not say otherwise. */
  readonly level: LintLevel;
  /** What is checked, and why it matters. */
  readonly help: string;
  /** Imperative, one line. */
  readonly remedy: string;
  /** A Dockerfile in which the rule finds something. */
  readonly bad: string;
  /** A Dockerfile that does the same and in which it finds nothing. */
  readonly good: string;
  /** Address of the criterion in the specification, where one decides. */
  readonly specification?: string;
}

export interface LintFinding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: LintLevel;
  readonly range: SourceRange;
  readonly message: string;
  readonly remedy?: string;
  /** Name or number of the stage it is in. */
  readonly stage?: string;
}

/** A finding that a comment in the file takes back, with the reason that stands there. */
export interface IgnoredFinding extends LintFinding {
  readonly reason: string;
}

/** What was found in one Dockerfile. */
export interface LintedFile {
  /** As the user named it, or as it was found in a folder; `-` for stdin. */
  readonly name: string;
  readonly lines: readonly string[];
  /** False where it is no Dockerfile that BuildKit would build: the one finding says why. */
  readonly parsed: boolean;
  /** In the order of their places. */
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

/** True where a finding weighs as much as `level`, or more. */
export function isAtLeast(severity: LintLevel, level: LintLevel): boolean {
  return LINT_LEVELS.indexOf(severity) <= LINT_LEVELS.indexOf(level);
}
