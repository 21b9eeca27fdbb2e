import type { Vector } from '../model/criterion.ts';
import type { Digest, ImageReference as ImageName } from '../model/reference.ts';
import type { Grade, Score, Scorecard } from '../model/scorecard.ts';

/** An image as it is asked for: a tag or a digest of a repository. */
export type { ImageReference as ImageName } from '../model/reference.ts';

/** Who or what asks for a grade. */
export type Reason = 'api' | 'page' | 'webhook' | 'follow' | 'daily' | 'harbor';

export interface AskError {
  readonly message: string;
  readonly nextStep?: string;
}

/** A grade that was asked for, and how far it is. */
export interface Ask {
  readonly id: string;
  readonly image: ImageName;
  readonly reason: Reason;
  /** Name of the token, webhook or pattern behind it. */
  readonly askedBy?: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly attempts: number;
  readonly askedAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** Where `done`. */
  readonly gradeId?: string;
  /** Where `failed`, or of the last attempt. */
  readonly error?: AskError;
  /** What the grader does now, a line. */
  readonly progress?: string;
}

/** Vulnerabilities by severity; absent where nobody looked. */
export type Counts = {
  readonly [S in 'critical' | 'high' | 'medium' | 'low' | 'unknown']: number;
};

/** A grade without its scorecard, as lists show it. Never changed once written. */
export interface GradeRow {
  readonly id: string;
  readonly image: ImageName;
  readonly digest: Digest;
  readonly gradedAt: Date;
  /** `verdict`: a build signed it, and somebody sent it. */
  readonly origin: 'service' | 'verdict';
  /** Key or identity of a verdict. */
  readonly signer?: string;
  readonly level: number;
  readonly overall: Score;
  readonly vectors: Readonly<Record<Vector, Grade>>;
  readonly counts?: Counts;
  /** Ids of the criteria that fail. */
  readonly failing: readonly string[];
  /** Date of the advisories that it was judged by. */
  readonly advisoriesAt?: Date;
  readonly builtAt?: Date;
  /** Scoville's version. */
  readonly scoville: string;
}

export interface GradeDetail extends GradeRow {
  readonly scorecard: Scorecard;
}

/** A tag that was asked for or is followed, with its newest grade. */
export interface ImageRow {
  readonly image: ImageName;
  /** Of the tag, when it was last checked. */
  readonly digest?: Digest;
  readonly isFollowed: boolean;
  readonly checkedAt?: Date;
  /** Since when its registry does not have it any more. */
  readonly goneAt?: Date;
  readonly latest?: GradeRow;
  /** The grade before the newest one that differs from it in level or grade. */
  readonly before?: Pick<GradeRow, 'id' | 'gradedAt' | 'level' | 'overall'>;
}

export const SCOPES = [
  ...(['read', 'ask', 'settings', 'webhook'] as const),
  ...(['metrics', 'verdict', 'attach', 'admin'] as const),
] as const;
/** `admin` has all others. */
export type Scope = (typeof SCOPES)[number];
