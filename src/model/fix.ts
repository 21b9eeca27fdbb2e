import type { Result } from '../lib/errors.ts';
import type { BuildAnalysis } from './build-analysis.ts';
import type { Evidence } from './criterion.ts';
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

/** How likely the image changes its behavior, least first. */
export const RISKS = ['none', 'low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** `Dockerfile`: the Dockerfile under any name; a missing file counts as empty. */
export type FixFile = 'Dockerfile' | '.dockerignore';

export interface ProposedEdit {
  /** Subject (`node:22`), equal in each run. A rule's proposals with one key are one edit. */
  readonly key: string;
  /** Imperative, one line. */
  readonly title: string;
  readonly why: string;
  readonly risk: Risk;
  readonly riskReason: string;
  /** The criterion it improves, if not its rule's. */
  readonly criterion?: string;
  /** Criteria that the edit meets, although the Dockerfile alone does not show it. */
  readonly meets?: readonly string[];
  /** Criteria that it may meet besides: what it brings along decides that. */
  readonly helps?: readonly string[];
  /** True for what its criterion found in the last build and does not find after it. */
  readonly clears?: (found: Evidence) => boolean;
  readonly file: FixFile;
  /** First line that changes, from 1. */
  readonly line: number;
  readonly edits: readonly TextEdit[];
}

export interface Gain {
  /** Criteria that become met. */
  readonly criteria: readonly string[];
  /** One for each of these, less one for each that is lost. */
  readonly points: number;
  /** Overall grade and level with the edit; absent if unchanged or only the Dockerfile is known. */
  readonly grade?: Grade;
  readonly level?: number;
  /** Ids of the other edits that it needs. */
  readonly together: readonly string[];
}

/** An edit that can be shown, asked about and applied alone. */
export interface PlannedEdit extends ProposedEdit {
  /** `RULE:KEY`. */
  readonly id: string;
  readonly rule: string;
  readonly gain?: Gain;
}

export interface Refusal {
  readonly rule: string;
  readonly criterion?: string;
  readonly reason: string;
  readonly line: number;
  /** The one command or flag that would decide it. */
  readonly settle?: string;
}

/** True for a risk up to `most`. */
export function isWithin(risk: Risk, most: Risk): boolean {
  return RISKS.indexOf(risk) <= RISKS.indexOf(most);
}

/** A stage's base image, as far as known. */
export interface BaseImage {
  readonly config: ImageConfig;
  /** Name to uid from its etc/passwd; undefined without one, or if layers were not read. */
  readonly passwd?: Readonly<Record<string, number>>;
  readonly packages?: readonly Pick<Package, 'type' | 'name' | 'version'>[];
  /** Paths of its setuid and setgid files. */
  readonly elevated?: readonly string[];
  /** True for a path in it; undefined if layers were not read. */
  readonly has?: (path: string) => boolean;
}

/** A file just fetched from an address. */
export interface FetchedFile {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Kinds of facts for rules; each is gathered only where a wanted rule needs it. */
export type FixNeed = 'digests' | 'versions' | 'hashes' | 'bases' | 'context' | 'git';

export type InstalledVersion = Pick<Package, 'name' | 'version'> & { readonly type: string };

/** An image's name with its tag, if any, whatever digest an edit has added. */
export function baseKey({ digest, ...reference }: ImageReference): string {
  const tagged = reference.tag === undefined && digest !== undefined;
  return formatReference(tagged ? { ...reference, digest } : withDefaultTag(reference));
}

/** Facts for the rules. An error says why one is unknown; absent if no rule asked. */
export interface FixFacts {
  /** Digests of images by full reference with its tag (`docker.io/library/node:22`). */
  readonly digests: ReadonlyMap<string, Result<Digest>>;
  /** By stage index: packages that it installed, or with a build all that it contains. */
  readonly versions: ReadonlyMap<number, Result<readonly InstalledVersion[]>>;
  /** Files by address. */
  readonly hashes: ReadonlyMap<string, Result<FetchedFile>>;
  /** Images by `baseKey` of their reference. */
  readonly bases: ReadonlyMap<string, Result<BaseImage>>;
  /** Names at the top of the build context; undefined if unknown. */
  readonly context: readonly string[] | undefined;
  /** Text of the ignore file for this Dockerfile; undefined without one. */
  readonly ignoreFile: string | undefined;
  /** Address of the repository, for a label. */
  readonly repository: string | undefined;
}

export interface FixOptions {
  /** Resolve again the digests of pinned references with a tag. */
  readonly refresh: boolean;
  /** Freeze package archives at this date (`20261124T000000Z`) instead of pinning packages. */
  readonly freeze?: string;
  /** Registry folder of the distroless images: `gcr.io/distroless`, or a mirror. */
  readonly distroless: string;
}

/** A variable of a secret, or of a secret's file, that the code of a project names. */
export interface SecretRead {
  readonly name: string;
  /** `src/config.ts:11`. */
  readonly place: string;
  /** It is a secret's file, or the folder of all. */
  readonly isFile: boolean;
}

/** What the code of a project says about how it runs. */
export interface CodeReads {
  readonly secrets: readonly SecretRead[];
  /** One that the environment has, where nothing takes any from a file. */
  readonly environment?: SecretRead;
  /** It may write a SQLite database beside itself. */
  readonly hasSqlite: boolean;
  /** Absolute folders of databases that it names. */
  readonly dataFolders: readonly string[];
}

export interface FixInput {
  readonly source: DockerfileSource;
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  readonly left: () => LeftBehind;
  /** Indexes of the stages in the image, base first. */
  readonly imageStages: readonly number[];
  /** Names of the `--build-arg` arguments. */
  readonly givenArguments: readonly string[];
  /** Text of a file of the build context; undefined if missing. */
  readonly contextFile: (path: string) => string | undefined;
  readonly code: () => CodeReads;
  readonly facts: FixFacts;
  readonly options: FixOptions;
}

export interface FixPlan {
  readonly edits: readonly ProposedEdit[];
  readonly refusals: readonly Omit<Refusal, 'rule' | 'criterion'>[];
}

/**
 * One remedy as edits: pure, and without edits where it is applied already. docs/fix.md has a
 * section about each.
 */
export interface FixRule {
  readonly id: string;
  /** The first sentence of its section. */
  readonly title: string;
  readonly criterion?: string;
  /** Why it helps, where that is neither the criterion's reason nor that of the lint rule. */
  readonly why?: string;
  /** The `scoville lint` rule whose ignore comments apply to it, if not the criterion. */
  readonly lint?: string;
  readonly needs: readonly FixNeed[];
  readonly plan: (input: FixInput) => FixPlan;
}

/** Result of building a Dockerfile. */
export interface ProvenBuild {
  readonly scorecard: Scorecard;
  readonly smoke: SmokeResult;
}

/** An edit that was undone, and why. */
export interface TakenBack {
  readonly edit: PlannedEdit;
  readonly broke: 'build' | 'answer' | 'grade';
  readonly reason: string;
  /** The last output of the failed build or container. */
  readonly log: string;
}

/** What builds before and after the edits have shown. */
export interface FixProof {
  readonly before: ProvenBuild;
  readonly after: ProvenBuild;
  readonly takenBack: readonly TakenBack[];
  readonly builds: number;
}

/** Worst first. */
export const LINT_LEVELS = ['error', 'warning', 'info'] as const;
export type LintLevel = (typeof LINT_LEVELS)[number];

/** A rule of `scoville lint`, as its documentation shows it. */
export interface LintRule {
  readonly id: string;
  readonly title: string;
  /** Default level of a finding. */
  readonly level: LintLevel;
  /** What is checked, and why it matters. */
  readonly help: string;
  /** Imperative, one line. */
  readonly remedy: string;
  /** A Dockerfile with a finding. */
  readonly bad: string;
  /** The same Dockerfile, fixed. */
  readonly good: string;
  /** Address of its criterion in the specification. */
  readonly specification?: string;
}

export interface LintFinding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: LintLevel;
  readonly range: SourceRange;
  readonly message: string;
  readonly remedy?: string;
  /** Name or number of its stage. */
  readonly stage?: string;
}

/** A finding that a comment in the file ignores, with its reason. */
export interface IgnoredFinding extends LintFinding {
  readonly reason: string;
}

export interface LintedFile {
  /** As typed, or as found in a folder; `-` for stdin. */
  readonly name: string;
  readonly lines: readonly string[];
  /** False where BuildKit would not build it: the one finding says why. */
  readonly parsed: boolean;
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

export function isAtLeast(severity: LintLevel, level: LintLevel): boolean {
  return LINT_LEVELS.indexOf(severity) <= LINT_LEVELS.indexOf(level);
}
