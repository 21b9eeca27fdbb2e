import type { CriterionResult, Outcome, Vector } from './criterion.ts';
import type { SettingOrigin } from './key-scheme.ts';
import type { Digest } from './reference.ts';

/** The best first. */
export const GRADES = ['A+', 'A', 'B', 'C', 'D'] as const;
export type Grade = (typeof GRADES)[number];

export interface Score {
  readonly points: number;
  readonly total: number;
  readonly grade: Grade;
}

/** One change and its gain. Ranked: those that complete the next level first, then by points. */
export interface Suggestion {
  readonly criterion: string;
  readonly title: string;
  readonly detail: string;
  readonly example?: string;
  /** The command that edits the Dockerfile so, where `scoville fix` has a rule for it. */
  readonly fix?: string;
  readonly gains: { readonly points: number; readonly grade: Grade; readonly level: number };
}

/** A step that is ready for an image's project: edits by `scoville fix`, or settings to declare. */
export interface ReadyStep {
  /** What it does, in a few words. */
  readonly text: string;
  /** The whole command. */
  readonly command: string;
  /** Criteria that pass with it. */
  readonly criteria: readonly string[];
  /** Criteria that it may help. They get no step of their own until this one has been taken. */
  readonly partly?: readonly string[];
}

/** One thing to do, for every criterion that it answers. */
export interface NextStep {
  /** What it does, or why, in a few words. */
  readonly text: string;
  /** The whole command, to be pasted. */
  readonly command: string;
  readonly criteria: readonly string[];
  /** Points won, and the grade and level that the image then has. */
  readonly gains: Suggestion['gains'];
}

/** Level and score without the points that only the image's own, unsigned word earns. */
interface UnclaimedScore {
  readonly level: number;
  readonly overall: Score;
}

export interface PlatformScore {
  readonly platform: string;
  readonly digest: Digest;
  readonly level: number;
  readonly overall: Score;
  /** Where it is less than `overall`. */
  readonly withoutClaims?: UnclaimedScore;
  readonly vectors: Readonly<Record<Vector, Score>>;
  readonly criteria: readonly CriterionResult[];
}

/** A platform that belongs to the image, or was asked for, and could not be judged. */
export interface NotGraded {
  readonly platform: string;
  /**
   * The index lists it, and the place that the image was read from does not hold it; or it is
   * listed as something that cannot be read as an image; or the image has none such.
   */
  readonly reason: 'not-held' | 'not-read' | 'not-listed';
}

/** The whole judgement of an image; schema/scorecard-1.json describes its JSON form. */
export interface Scorecard {
  readonly schemaVersion: '1';
  readonly tool: { readonly name: 'scoville'; readonly version: string };
  readonly image: string;
  /** The published descriptor: index or manifest. */
  readonly digest: Digest;
  readonly gradedAt: string;
  readonly platforms: readonly PlatformScore[];
  /** Where there are such: the score speaks of the platforms above alone. */
  readonly notGraded?: readonly NotGraded[];
  /** Where files said whom and what to trust. */
  readonly trust?: readonly Omit<SettingOrigin, 'isTrust'>[];
  /** What a reader should know of where the verdicts come from, a line each. */
  readonly notices?: readonly string[];
  /** Of the worst platform, where it is less than `overall`. */
  readonly withoutClaims?: UnclaimedScore;
  /** Of the worst platform. */
  readonly level: number;
  readonly levelName: string;
  readonly overall: Score;
  /** Over the criteria that could be checked: all but the unknown ones. */
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
