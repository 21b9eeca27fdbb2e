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
 * `--report FORMAT[=FILE]`; without a file, to stdout. For `badges` the file is a folder, unless it
 * ends in `.md`.
 */
export interface ReportRequest<F extends ReportFormat = ReportFormat> {
  readonly format: F;
  readonly file?: string;
}

/** The facts behind one platform's verdict, for reports that show more than verdicts. */
export interface ImageContents {
  /** As in the scorecard's `PlatformScore`. */
  readonly platform: string;
  readonly facts: Pick<Facts, 'image' | 'packages' | 'attestations' | 'vulnerabilities'> &
    Partial<Pick<Facts, 'filesystem'>>;
  /** How many of the lowest layers are the base image's. */
  readonly baseLayers?: number;
}

export interface GateAnswer {
  /** `level 2 and grade B`. */
  readonly asked: string;
  /** What the image lacks, one line each with the checks behind it; empty if it passes. */
  readonly unmet: readonly string[];
}

/** All that a report may show of one image. Only the scorecard is required. */
export interface ReportInput {
  readonly scorecard: Scorecard;
  readonly contents?: readonly ImageContents[];
  /** Next steps, best first; absent if not worked out. */
  readonly steps?: readonly NextStep[];
  /** Absent without a gate. */
  readonly gate?: GateAnswer;
  /** Digest and outcomes equal those of the build before. */
  readonly unchanged?: boolean;
  /** The Dockerfile for line numbers, relative to the repository's root, with `/`. */
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
  /** One outcome per image, in order; undefined if that image has none for the criterion. */
  readonly criteria: readonly (ComparedCriterion & {
    readonly outcomes: readonly (Outcome | undefined)[];
  })[];
}

/** A criterion whose outcome changed. `gain`: 1 for a point won, -1 for one lost, else 0. */
export interface CriterionChange extends ComparedCriterion {
  readonly before: Outcome | undefined;
  readonly after: Outcome | undefined;
  readonly gain: -1 | 0 | 1;
  /** Of the new outcome. */
  readonly summary: string;
}

/** A package by type and name; several installed versions side by side. */
export interface PackageChange {
  readonly type: string;
  readonly name: string;
  /** Empty if added. */
  readonly before: readonly string[];
  /** Empty if removed. */
  readonly after: readonly string[];
}

export interface ScorecardDifference {
  readonly before: ComparedImage;
  readonly after: ComparedImage;
  readonly criteria: readonly CriterionChange[];
  /** Absent if the packages of one side are unknown. */
  readonly packages?: {
    readonly added: readonly PackageChange[];
    readonly removed: readonly PackageChange[];
    readonly changed: readonly PackageChange[];
  };
}

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

/** The file's format, by its first bytes, and where its contents differ. */
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
  /** One line: names, numbers and at most a short piece of text. */
  readonly detail: string;
}

/** A stage that another one copies files from. */
export interface CopiedStage {
  /** As in the COPY. */
  readonly name: string;
  /** Lines of RUNs that may have written the file, from 1: its own, and of stages it needs. */
  readonly runLines: readonly number[];
}

export interface ImageDifference {
  /** Digest of the first image's layer; undefined outside of layers. */
  readonly layer: Digest | undefined;
  /** From 0; undefined outside of layers. */
  readonly layerIndex: number | undefined;
  readonly platform: string;
  /** Path in the image, or a document's field (`config.created`). */
  readonly path: string;
  readonly kind: DifferenceKind | 'config' | 'layers';
  /** What differs: `content, mtime`, or the two values. */
  readonly detail: string;
  /** A class of volatile content, or `unexplained`. */
  readonly class: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  /** Line of the Dockerfile that wrote the layer, from 1. */
  readonly line: number | undefined;
  /** If that line copies from another stage: one of its RUNs made the file. */
  readonly copiedFrom?: CopiedStage;
  /** The layer's instruction, from the history. */
  readonly instruction: string | undefined;
  /** diffoscope's view of both contents, several lines; absent if not asked. */
  readonly deeper?: string;
}

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
  /** Differences beyond those listed. */
  readonly omitted: number;
  /** For a rebuilt published image: the origin of its source. */
  readonly source?: RebuiltSource;
}

interface RebuiltSource {
  readonly url: string;
  /** A whole commit id. */
  readonly revision: string;
  /** Key or identity that signed the provenance; absent if not verified. */
  readonly verifiedBy?: string;
}
