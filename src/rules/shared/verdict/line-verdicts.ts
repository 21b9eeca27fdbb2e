import type { BuildAnalysis } from '../../../model/build-analysis.ts';
import type { EvidenceState, Verdict } from '../../../model/criterion.ts';
import type { SourceRange } from '../../../model/dockerfile.ts';
import type { BuildFact } from '../../../model/facts.ts';
import { analysisOf, linesOf, unreadEvidence } from './build-analysis.ts';
import { fail, lineEvidence, notApplicable, note, pass, unknown } from './verdict.ts';

/** A command of the Dockerfile, judged on its own: pinned, unpinned, or unknown. */
export interface JudgedLine {
  readonly range: SourceRange;
  /** As written. */
  readonly command: string;
  readonly state: EvidenceState;
  readonly reason: string;
}

/** What is asked of every command of a kind. */
interface LineQuestion<T extends JudgedLine> {
  readonly judge: (analysis: BuildAnalysis) => readonly T[];
  /** What a build is that has no such command, and what was looked at. */
  readonly none: { readonly summary: string; readonly lookedAt: string };
  /** Says of all of them that they are held. */
  readonly held: (judged: readonly T[]) => string;
  /** How to check it where no Dockerfile is known. */
  readonly settle: string;
  /** How to check a line that is unknown. */
  readonly settleOpen?: string;
}

/**
 * One verdict of many lines: unpinned ones fail it; else shell that could not be read, and unknown lines, leave it unknown;
 * a build without any has no subject.
 */
export function judgeLines<T extends JudgedLine>(
  build: BuildFact,
  question: LineQuestion<T>,
): Verdict {
  const analysis = analysisOf(build);
  if (!analysis.known) return unknown(analysis.reason, analysis.settle ?? question.settle);
  const { source, value } = analysis;
  const judged = question.judge(value);
  const evidence = [
    ...judged.map(({ range, command, reason, state }) =>
      lineEvidence(range, command, reason, state),
    ),
    ...unreadEvidence(value),
    ...(value.partial === undefined ? [] : [note(value.partial)]),
  ];
  const loose = judged.filter(({ state }) => state === 'loose');
  const [first] = loose;
  if (first !== undefined) return fail(`${linesOf(loose)}: ${first.reason}`, evidence, { source });
  if (value.partial !== undefined) return unknown(value.partial, question.settle, evidence, source);
  // Source that verified downloads brought may do what it does, where there is something to judge besides.
  const open = value.unread.filter(({ held }) => held !== true || judged.length === 0);
  const [unread] = open;
  if (unread !== undefined) {
    const shell = open.filter(({ program }) => program === undefined);
    return shell.length > 0
      ? unknown(`the shell in ${linesOf(shell)} could not be read`, undefined, evidence, source)
      : unknown(`${linesOf(open)}: ${unread.reason}`, unread.settle, evidence, source);
  }
  const undecided = judged.find(({ state }) => state === 'open');
  if (undecided !== undefined) {
    const reason = `line ${undecided.range.startLine}: ${undecided.reason}`;
    return unknown(reason, question.settleOpen, evidence, source);
  }
  return judged.length === 0
    ? notApplicable(question.none.summary, [note(question.none.lookedAt)], { source })
    : pass(question.held(judged), evidence, { source });
}
