import type { Scorecard } from '../model/scorecard.ts';
import { NOT_GRADED_HEADING, notGradedLines } from './not-graded.ts';

/** What a reader has to know beside the score, a heading and its lines. */
export interface ReaderNote {
  /** For anchors: a-z and -. */
  readonly id: string;
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Platforms that were not judged, doubts about the evidence, and the files of trust settings. */
export function readerNotes(scorecard: Scorecard): readonly ReaderNote[] {
  const notes: readonly ReaderNote[] = [
    { id: 'not-graded', heading: NOT_GRADED_HEADING, lines: notGradedLines(scorecard) },
    { id: 'notices', heading: 'About the evidence', lines: scorecard.notices ?? [] },
    { id: 'trust', heading: 'Trust settings from files', lines: trustLines(scorecard) },
  ];
  return notes.filter(({ lines }) => lines.length > 0);
}

const WHOSE = { named: 'named by a flag', user: 'your own', project: 'the project’s' } as const;

/** Reports are published, so they hide the project's path on the author's machine (JSON has it). */
function trustLines({ trust = [] }: Scorecard): readonly string[] {
  return trust.map(({ setting, source, file }) => {
    const shown = source === 'project' ? file.replace(/^.*\//, '') : file;
    return `${setting}: ${shown} (${WHOSE[source]})`;
  });
}

/** `14/23 (B) without what only the image says about itself`; undefined if that earns nothing. */
export function withoutClaimsText({ withoutClaims }: Scorecard): string | undefined {
  if (withoutClaims === undefined) return undefined;
  const { points, total, grade } = withoutClaims.overall;
  return `${points}/${total} (${grade}) without what only the image says about itself`;
}
