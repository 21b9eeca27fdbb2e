import type { CriterionResult, Outcome, Vector } from './criterion.ts';
import type { SettingOrigin } from './key-scheme.ts';
import type { Digest } from './reference.ts';

/** Best first. */
export const GRADES = ['A+', 'A', 'B', 'C', 'D'] as const;
export type Grade = (typeof GRADES)[number];

export interface Score {
  readonly points: number;
  readonly total: number;
  readonly grade: Grade;
}

/** What a change costs a person, the cheapest first. */
export const COSTS = [
  'seconds',
  'a build',
  'two builds',
  'some builds',
  'an install',
  'a hand edit',
] as const;
export type Cost = (typeof COSTS)[number];

/** One change and its gain, in the order of `firstDone`. */
export interface Suggestion {
  readonly criterion: string;
  readonly title: string;
  readonly detail: string;
  readonly example?: string;
  readonly cost: Cost;
  /** The whole command that serves it in this project; absent if not worked out. */
  readonly command?: string;
  /** The same, where it edits the Dockerfile. */
  readonly fix?: string;
  readonly gains: { readonly points: number; readonly grade: Grade; readonly level: number };
}

/** A ready step for an image's project: edits by `scoville fix`, or settings to declare. */
export interface ReadyStep {
  readonly text: string;
  readonly cost: Cost;
  /** The whole command. */
  readonly command: string;
  /** Criteria that then pass. */
  readonly criteria: readonly string[];
  /** Criteria that it may help. They get no own step until this one is done. */
  readonly partly?: readonly string[];
}

/** One thing to do, for all criteria that it answers. */
export interface NextStep {
  /** What it does, or why, in a few words. */
  readonly text: string;
  /** The whole command, to paste. */
  readonly command: string;
  readonly cost: Cost;
  /** The lowest level of its criteria. */
  readonly level: number;
  readonly criteria: readonly string[];
  /** Points won, and the resulting grade and level. */
  readonly gains: Suggestion['gains'];
  /** It may win more: the next build shows it. */
  readonly isLeast?: boolean;
}

/** Level and score without points from the image's own, unsigned statements. */
interface UnclaimedScore {
  readonly level: number;
  readonly overall: Score;
}

export interface PlatformScore {
  readonly platform: string;
  readonly digest: Digest;
  readonly level: number;
  readonly overall: Score;
  /** If less than `overall`. */
  readonly withoutClaims?: UnclaimedScore;
  readonly vectors: Readonly<Record<Vector, Score>>;
  readonly criteria: readonly CriterionResult[];
}

/** A platform of the image, or one asked for, that could not be judged. */
export interface NotGraded {
  readonly platform: string;
  /**
   * `not-held`: the index lists it, but the place read does not have it. `not-read`: it cannot be
   * read as an image. `not-listed`: the image does not have it.
   */
  readonly reason: 'not-held' | 'not-read' | 'not-listed';
}

/** The whole verdict on an image; schema/scorecard-1.json describes its JSON form. */
export interface Scorecard {
  readonly schemaVersion: '1';
  readonly tool: { readonly name: 'scoville'; readonly version: string };
  readonly image: string;
  /** The published descriptor: index or manifest. */
  readonly digest: Digest;
  readonly gradedAt: string;
  readonly platforms: readonly PlatformScore[];
  /** Absent if all were: the score covers only the platforms above. */
  readonly notGraded?: readonly NotGraded[];
  /** Files with trust settings. */
  readonly trust?: readonly Omit<SettingOrigin, 'isTrust'>[];
  /** What a reader should know about the verdicts' sources, a line each. */
  readonly notices?: readonly string[];
  /** Of the worst platform, if less than `overall`. */
  readonly withoutClaims?: UnclaimedScore;
  /** Of the worst platform. */
  readonly level: number;
  readonly levelName: string;
  readonly overall: Score;
  /** Over the checked criteria: all but the unknown ones. */
  readonly checked: Score;
  readonly vectors: Readonly<Record<Vector, Score>>;
  readonly criteria: readonly CriterionResult[];
  readonly suggestions: readonly Suggestion[];
  readonly waivers: readonly {
    readonly criterion: string;
    readonly reason: string;
    readonly expires?: string;
  }[];
}

interface FleetLineHead {
  readonly schemaVersion: '1';
  /** As in the list. */
  readonly image: string;
  /** Fingerprint of flags and settings behind the verdict; while equal, the line stays. */
  readonly asked: string;
  readonly tool: { readonly name: 'scoville'; readonly version: string };
  /** RFC 3339. */
  readonly at: string;
}

export interface GradedLine extends FleetLineHead {
  readonly status: 'graded';
  /** Of the index or manifest of the name. */
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
  /** Why it fails the gate; empty if it passes, or without a gate. */
  readonly short: readonly string[];
}

/** An image that could not be graded; the next run tries again. */
export interface FailedLine extends FleetLineHead {
  readonly status: 'failed';
  readonly error: { readonly message: string; readonly nextStep?: string };
}

/** One line of `scoville grade --file LIST`: one image. */
export type FleetLine = GradedLine | FailedLine;

export interface FleetTotals {
  readonly graded: number;
  readonly short: number;
  readonly failed: number;
  /** Number of images, by level and by grade. */
  readonly levels: ReadonlyMap<number, number>;
  readonly grades: ReadonlyMap<Grade, number>;
  /** Criteria by number of images that do not meet them, most first. */
  readonly unmet: readonly { readonly criterion: string; readonly images: number }[];
}
