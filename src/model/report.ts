import type { Outcome, Vector } from './criterion.ts';
import type { Digest } from './digest.ts';
import type { Facts } from './facts.ts';
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

/** What a report is about. */
export type ReportSubject =
  | { readonly kind: 'image'; readonly image: ReportInput }
  | { readonly kind: 'comparison'; readonly images: readonly ReportInput[] }
  | { readonly kind: 'difference'; readonly before: ReportInput; readonly after: ReportInput };

/** An image as one column of a comparison. */
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
