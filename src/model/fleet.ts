import type { Outcome, Vector } from './criterion.ts';
import type { Digest } from './digest.ts';
import type { Grade, Score } from './scorecard.ts';

interface FleetLineHead {
  readonly schemaVersion: '1';
  /** As the list names it. */
  readonly image: string;
  /** Fingerprint of flags and settings behind the verdict; a run with the same keeps the line. */
  readonly asked: string;
  readonly tool: { readonly name: 'scoville'; readonly version: string };
  /** RFC 3339. */
  readonly at: string;
}

/** An image that was graded. */
export interface GradedLine extends FleetLineHead {
  readonly status: 'graded';
  /** Of the index or manifest that the name stood for. */
  readonly digest: Digest;
  readonly level: number;
  readonly levelName: string;
  readonly grade: Grade;
  readonly overall: Score;
  readonly vectors: Readonly<Record<Vector, Score>>;
  /** Outcome by criterion, of the worst platform. */
  readonly criteria: Readonly<Record<string, Outcome>>;
  readonly platforms: readonly {
    readonly platform: string;
    readonly digest: Digest;
    readonly level: number;
    readonly grade: Grade;
  }[];
  /** In which ways it is short of the gate; empty where it meets it, or none is set. */
  readonly short: readonly string[];
}

/** An image that could not be graded; the next run tries it again. */
export interface FailedLine extends FleetLineHead {
  readonly status: 'failed';
  readonly error: { readonly message: string; readonly nextStep?: string };
}

/** One line of `scoville grade --file LIST`: all that is said of one image. */
export type FleetLine = GradedLine | FailedLine;

/** What all lines come to. */
export interface FleetTotals {
  readonly graded: number;
  readonly short: number;
  readonly failed: number;
  /** How many images, by level and by grade. */
  readonly levels: ReadonlyMap<number, number>;
  readonly grades: ReadonlyMap<Grade, number>;
  /** Criteria by how many images do not meet them, most first. */
  readonly unmet: readonly { readonly criterion: string; readonly images: number }[];
}
