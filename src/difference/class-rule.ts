import type { ContentDifference, DifferenceKind } from '../model/difference.ts';

/** Why something differs from build to build, and what to do in the Dockerfile. */
export interface DifferenceClass {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
}

/** A class, and what it is recognized by; what is not given does not matter. */
export interface ClassRule extends DifferenceClass {
  readonly path?: RegExp;
  /** One of them applies. */
  readonly kinds?: readonly DifferenceKind[];
  readonly formats?: readonly ContentDifference['format'][];
  /** Against the line that says where the contents differ. */
  readonly detail?: RegExp;
}

/** What most tools that write a date take it from. */
export const EPOCH = 'ARG SOURCE_DATE_EPOCH in that stage';
