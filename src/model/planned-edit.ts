import type { Grade } from './scorecard.ts';

/** Replaces a stretch of a file: UTF-16 offsets of the text as it is before any edit. */
export interface TextEdit {
  readonly start: number;
  /** Behind the last character that is replaced; `start` where text is only added. */
  readonly end: number;
  readonly text: string;
}

/** How likely the image does something else afterwards, least first. */
export const RISKS = ['none', 'low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** A file to edit. `Dockerfile`: the Dockerfile under any name; a missing file counts as empty. */
export type FixFile = 'Dockerfile' | '.dockerignore';

/** What a rule proposes. */
export interface ProposedEdit {
  /** Subject (`node:22`), the same each run. A rule's proposals with one key are one edit. */
  readonly key: string;
  /** Imperative, one line. */
  readonly title: string;
  readonly why: string;
  readonly risk: Risk;
  readonly riskReason: string;
  /** The criterion that it serves, where that is not its rule's. */
  readonly criterion?: string;
  /** Criteria that are met once it is applied, though the Dockerfile alone does not show it. */
  readonly meets?: readonly string[];
  readonly file: FixFile;
  /** First line that changes, from 1. */
  readonly line: number;
  readonly edits: readonly TextEdit[];
}

/** What an edit is worth. */
export interface Gain {
  /** Criteria that are then met, and were not. */
  readonly criteria: readonly string[];
  /** For these criteria, less one for each that is no longer met. */
  readonly points: number;
  /** Overall grade and level afterwards; absent if unchanged or only the Dockerfile is known. */
  readonly grade?: Grade;
  readonly level?: number;
  /** Ids of the other edits that are needed for it. */
  readonly together: readonly string[];
}

/** An edit that can be shown, asked about and applied by itself. */
export interface PlannedEdit extends ProposedEdit {
  /** `RULE:KEY`. */
  readonly id: string;
  readonly rule: string;
  readonly gain?: Gain;
}

/** What a rule leaves alone, and why. */
export interface Refusal {
  readonly rule: string;
  readonly criterion?: string;
  readonly reason: string;
  readonly line: number;
  /** The one command or flag that would decide it. */
  readonly settle?: string;
}

/** True where a risk is no higher than the highest that is allowed. */
export function isWithin(risk: Risk, most: Risk): boolean {
  return RISKS.indexOf(risk) <= RISKS.indexOf(most);
}
