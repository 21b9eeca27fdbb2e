import { given } from '../lib/json.ts';
import type { BuildAnalysis } from '../model/build-analysis.ts';
import type { EvidenceState, Verdict } from '../model/criterion.ts';
import type { SourceRange } from '../model/dockerfile.ts';
import { type BuildFact, type Fact, NAME_THE_DOCKERFILE, unknownFact } from '../model/facts.ts';
import {
  fail,
  lineEvidence,
  listed,
  notApplicable,
  note,
  pass,
  unknown,
  withoutCredentials,
} from './criterion.ts';
import type { RuleFinding } from './lint-rule.ts';

/** How a build sees all that its programs fetch. */
export const REPLAY = '--record, then --replay';

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
  /** For a build without such a command: the summary, and what was checked. */
  readonly none: { readonly summary: string; readonly lookedAt: string };
  /** The summary where all of them are met. */
  readonly held: (judged: readonly T[]) => string;
  /** How to check it where no Dockerfile is known. */
  readonly settle: string;
  /** How to check a line that is unknown. */
  readonly settleOpen?: string;
  /** A replay meets it whatever a line says. */
  readonly isMetByReplay?: true;
}

/**
 * One verdict of many lines: unpinned ones fail it; else shell that could not be read, and unknown
 * lines, leave it unknown; a build without any has no subject.
 */
export function judgeLines<T extends JudgedLine>(
  build: BuildFact,
  question: LineQuestion<T>,
): Verdict {
  const analysis = analysisOf(build);
  if (!analysis.known) return unknown(analysis.reason, analysis.settle ?? question.settle);
  const { source, value } = analysis;
  const judged = question.judge(value);
  // In a complete replay each program got what the lock has by digest, and nothing else.
  const isReplayed = build.replayed !== undefined;
  const lines = [
    ...judged.map(({ range, command, reason, state }) =>
      lineEvidence(range, command, reason, state),
    ),
    ...unreadEvidence(value, isReplayed),
  ];
  const evidence = [
    // The image alone shows its history, and no Dockerfile.
    ...(source === 'image' ? lines.map((one) => ({ ...one, inHistory: true }) as const) : lines),
    ...(value.partial === undefined ? [] : [note(value.partial)]),
  ];
  const { isMetByReplay, settleOpen } = question;
  const counting = build.pastProxy && `${build.pastProxy}, then build with ${REPLAY}`;
  const settleBy = (settle?: string): string | undefined =>
    isMetByReplay || settle?.includes(REPLAY) ? (counting ?? settle) : settle;
  const loose = judged.filter(({ state }) => state === 'loose');
  const [first] = loose;
  if (first !== undefined) {
    const summary = `${linesOf(loose)}: ${first.reason}`;
    return fail(summary, evidence, { source, ...given({ settle: settleBy() }) });
  }
  if (value.partial !== undefined) return unknown(value.partial, question.settle, evidence, source);
  // Source that verified downloads brought may do what it does, where there is something to judge
  // besides.
  const open = isReplayed
    ? []
    : value.unread.filter(({ held }) => held !== true || judged.length === 0);
  const [unread] = open;
  if (unread !== undefined) {
    const shell = open.filter(({ program }) => program === undefined);
    return shell.length > 0
      ? unknown(`the shell in ${linesOf(shell)} could not be read`, undefined, evidence, source)
      : unknown(`${linesOf(open)}: ${unread.reason}`, settleBy(unread.settle), evidence, source);
  }
  const undecided = judged.find(({ state }) => state === 'open');
  if (undecided !== undefined) {
    const reason = `line ${undecided.range.startLine}: ${undecided.reason}`;
    return unknown(reason, settleBy(settleOpen), evidence, source);
  }
  if (judged.length === 0 && value.unread.length > 0)
    return pass('all that its programs fetched was replayed by digest', evidence, { source });
  return judged.length === 0
    ? notApplicable(question.none.summary, [note(question.none.lookedAt)], { source })
    : pass(question.held(judged), evidence, { source });
}

/** What the Dockerfile installs and downloads, or why that is not known. */
function analysisOf(build: BuildFact): Fact<BuildAnalysis> {
  if (!build.dockerfile.known) return build.dockerfile;
  return build.analysis === undefined
    ? unknownFact('the Dockerfile was not analyzed', NAME_THE_DOCKERFILE)
    : { known: true, value: build.analysis, source: build.dockerfile.source };
}

/** Lines whose shell, and commands whose program, could not be read. */
function unreadEvidence(analysis: BuildAnalysis, isReplayed: boolean) {
  return analysis.unread.map(({ range, reason, command = 'RUN', held }) =>
    isReplayed
      ? lineEvidence(range, command, 'replayed: all that it got has a digest in the lock', 'held')
      : held === true
        ? lineEvidence(range, command, 'works on source that a verified download brought', 'held')
        : lineEvidence(range, command, reason, 'open'),
  );
}

/** `line 7`, `lines 7, 9 and 2 more`. */
function linesOf(found: readonly { readonly range: { readonly startLine: number } }[]): string {
  const lines = [...new Set(found.map(({ range }) => range.startLine))].sort((a, b) => a - b);
  return `${lines.length === 1 ? 'line' : 'lines'} ${listed(lines.map(String), 4)}`;
}

const LONGEST_COMMAND = 100;

/** Commands that fall short of a criterion, each judged alone, and those that it cannot judge. */
export function lineFindings(judged: readonly JudgedLine[]): readonly RuleFinding[] {
  return judged.flatMap(({ range, command, state, reason }): readonly RuleFinding[] => {
    if (state === 'held') return [];
    const text = withoutCredentials(command);
    const shown = text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
    const found = { range, message: `${shown}: ${reason}` };
    return [state === 'open' ? { ...found, severity: 'info' } : found];
  });
}
