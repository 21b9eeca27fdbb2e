import type { Outcome } from '../model/criterion.ts';
import type { EventSink } from '../model/events.ts';
import type { Grade } from '../model/scorecard.ts';

/** One vector, or all together. These texts come from images and files: the screen cleans them. */
export interface ScoreBar {
  readonly name: string;
  readonly points: number;
  readonly total: number;
  readonly grade: Grade;
  /** False where nothing of it was checked: that is no bad score. */
  readonly isChecked: boolean;
  /** Points more than the last build; undefined where there is none to compare with. */
  readonly change?: number;
}

export interface FindingView {
  readonly id: string;
  readonly title: string;
  readonly vector: string;
  readonly level: number;
  readonly outcome: Outcome;
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly remedies: readonly {
    readonly title: string;
    readonly detail: string;
    readonly example?: string;
  }[];
  /** What would decide an `unknown`. */
  readonly settle?: string;
  /** Where its criterion is described. */
  readonly spec?: string;
  /** How it stood in the last build, where it was another. */
  readonly before?: Outcome;
  /** The heading above it: the level that it keeps the image from; '' if it is met. */
  readonly group: string;
  /** Checks that are open for the same reason. */
  readonly also: readonly string[];
}

export interface CardView {
  readonly image: string;
  readonly digest: string;
  readonly level: number;
  /** `Level 1 of 5: Pimiento`. */
  readonly levelText: string;
  /** The grade over all, and over what was checked. */
  readonly gradeText: string;
  readonly overall: ScoreBar;
  readonly vectors: readonly ScoreBar[];
  /** What is not met first, by level, then what is. */
  readonly findings: readonly FindingView[];
  /** `Passed: 5.` */
  readonly restText: string;
  /** What to do next, a whole command and what it does. */
  readonly steps: readonly { readonly command: string; readonly text: string }[];
  /** The build before, where one is known. */
  readonly before?: { readonly level: number; readonly grade: Grade };
}

/** An edit that can be picked. */
export interface EditView {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly risk: string;
  /** What it is worth, in words; undefined where that is not known. */
  readonly gain?: string;
  /** The change as a unified diff, without colours. */
  readonly diff: string;
}

export type WorthOf = (ids: ReadonlySet<string>) => string | undefined;

/** What the screen can have done. Each may throw: its message is shown. */
export interface ReviewWork {
  /** Edits that can be applied to the Dockerfile, or why there can be none. */
  readonly edits: () => Promise<readonly EditView[]>;
  /** What edits are worth together, in words; undefined where that is not known. */
  readonly worth: WorthOf;
  /** Applies them in one go, and gives a line about each file that was written. */
  readonly apply: (ids: readonly string[]) => Promise<readonly string[]>;
  /** Builds again; gives the new scorecard, or all that the build said where there is none. */
  readonly rebuild: (sink: EventSink) => Promise<CardView | { readonly failed: readonly string[] }>;
}
