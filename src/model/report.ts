import type { Outcome, Vector } from './criterion.ts';
import type { Facts } from './facts.ts';
import type { Digest } from './reference.ts';
import type { NextStep, Score, Scorecard } from './scorecard.ts';

export const REPORT_FORMATS = [
  'terminal',
  'json',
  'markdown',
  'html',
  'sarif',
  'badges',
  'junit',
  'code-quality',
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/**
 * `--report FORMAT[=FILE]`; without a file the report goes to stdout. For `badges` the file is a
 * folder, unless it ends in `.md`.
 */
export interface ReportRequest<F extends ReportFormat = ReportFormat> {
  readonly format: F;
  readonly file?: string;
}

/** The facts that one platform's image was judged by, for reports that show more than verdicts. */
export interface ImageContents {
  /** As the scorecard's `PlatformScore` spells it. */
  readonly platform: string;
  readonly facts: Pick<Facts, 'image' | 'packages' | 'attestations' | 'vulnerabilities'> &
    Partial<Pick<Facts, 'filesystem'>>;
  /** How many of the lowest layers the base image brought, where that is known. */
  readonly baseLayers?: number;
}

/** How an image stands to its gate. */
export interface GateAnswer {
  /** `level 2 and grade B`. */
  readonly asked: string;
  /** What the image lacks, one line each with the checks behind it; empty if the gate is met. */
  readonly unmet: readonly string[];
}

/** Everything that a report may show of one image. Only the scorecard has to be there. */
export interface ReportInput {
  readonly scorecard: Scorecard;
  readonly contents?: readonly ImageContents[];
  /** What to do next, best first; none where nothing is left or nobody worked it out. */
  readonly steps?: readonly NextStep[];
  /** The gate that the image was checked against; absent where none was asked for. */
  readonly gate?: GateAnswer;
  /** Digest and every outcome are as in the build before. */
  readonly unchanged?: boolean;
  /** The Dockerfile that line numbers point into, relative to the repository's root, with `/`. */
  readonly dockerfile?: string;
}

export type ReportSubject =
  | { readonly kind: 'image'; readonly image: ReportInput }
  | { readonly kind: 'comparison'; readonly images: readonly ReportInput[] }
  | { readonly kind: 'difference'; readonly before: ReportInput; readonly after: ReportInput };

export interface ComparedImage {
  readonly image: string;
  readonly digest: Digest;
  readonly level: number;
  readonly levelName: string;
  readonly overall: Score;
  readonly vectors: Readonly<Record<Vector, Score>>;
  /** Compressed bytes of the layers, all platforms together, where known. */
  readonly size?: number;
  /** Packages of all platforms, where known. */
  readonly packages?: number;
}

interface ComparedCriterion {
  readonly id: string;
  readonly title: string;
  readonly vector: Vector;
  readonly level: number;
}

export interface Comparison {
  readonly images: readonly ComparedImage[];
  /** One outcome per image, in order; undefined if that image was not checked for the criterion. */
  readonly criteria: readonly (ComparedCriterion & {
    readonly outcomes: readonly (Outcome | undefined)[];
  })[];
}

/** A criterion whose outcome changed. `gain`: 1 if a point is won, -1 if lost, 0 if it stays. */
export interface CriterionChange extends ComparedCriterion {
  readonly before: Outcome | undefined;
  readonly after: Outcome | undefined;
  readonly gain: -1 | 0 | 1;
  /** Why it is what it is now. */
  readonly summary: string;
}

/** A package by type and name; several installed versions side by side. */
export interface PackageChange {
  readonly type: string;
  readonly name: string;
  /** Empty where it was not there. */
  readonly before: readonly string[];
  /** Empty where it is gone. */
  readonly after: readonly string[];
}

export interface ScorecardDifference {
  readonly before: ComparedImage;
  readonly after: ComparedImage;
  readonly criteria: readonly CriterionChange[];
  /** Absent where the packages of one side are not known. */
  readonly packages?: {
    readonly added: readonly PackageChange[];
    readonly removed: readonly PackageChange[];
    readonly changed: readonly PackageChange[];
  };
}

/** In what an entry of two layers is not the same. */
export type DifferenceKind =
  | 'presence'
  | 'type'
  | 'content'
  | 'mode'
  | 'owner'
  | 'mtime'
  | 'link'
  | 'attributes'
  | 'device'
  | 'order';

/** What kind of file it is, by its first bytes, and where the two are not the same. */
export interface ContentDifference {
  readonly format:
    | 'gzip'
    | 'brotli'
    | 'zip'
    | 'tar'
    | 'ar'
    | 'elf'
    | 'pyc'
    | 'sqlite'
    | 'png'
    | 'pdf'
    | 'key'
    | 'text'
    | 'binary';
  /** One line, of names and numbers and at most a short piece of text. */
  readonly detail: string;
}

/** A stage of a Dockerfile that another one copies files from. */
export interface CopiedStage {
  /** As the COPY names it. */
  readonly name: string;
  /** Lines of the RUNs that can have written the file, from 1: its own, and of stages it needs. */
  readonly runLines: readonly number[];
}

/** A difference with its explanation. */
export interface ImageDifference {
  /** Digest of the first image's layer; undefined for differences outside the layers. */
  readonly layer: Digest | undefined;
  /** Place of the layer, from 0; undefined outside the layers. */
  readonly layerIndex: number | undefined;
  readonly platform: string;
  /** Path in the image; of a document, the field (`config.created`). */
  readonly path: string;
  readonly kind: DifferenceKind | 'config' | 'layers';
  /** What is written differently: `content, mtime`, or the two values. */
  readonly detail: string;
  /** A class of volatile content; `unexplained` where none is known. */
  readonly class: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  /** Line of the Dockerfile that wrote the layer, from 1. */
  readonly line: number | undefined;
  /** Where that line copies out of another stage: one of its RUNs made the file. */
  readonly copiedFrom?: CopiedStage;
  /** The instruction behind the layer, as its history tells. */
  readonly instruction: string | undefined;
  /** What diffoscope sees of the two contents, several lines; absent where it was not asked. */
  readonly deeper?: string;
}

/** Two images held against each other. */
export interface ImageComparison {
  readonly schemaVersion: '1';
  readonly reproducible: boolean;
  readonly first: { readonly name: string; readonly digest: Digest };
  readonly second: { readonly name: string; readonly digest: Digest };
  readonly platforms: readonly {
    readonly platform: string;
    readonly first: Digest | undefined;
    readonly second: Digest | undefined;
  }[];
  readonly differences: readonly ImageDifference[];
  /** Differences that were found and are not listed, since there are too many. */
  readonly omitted: number;
  /** Of a published image that was built again: where its source was fetched from. */
  readonly source?: RebuiltSource;
}

/** What a published image was built again from. */
interface RebuiltSource {
  readonly url: string;
  /** A whole commit id. */
  readonly revision: string;
  /** Key or identity that signed the provenance naming them; absent where it was not verified. */
  readonly verifiedBy?: string;
}
