import type { UnreadLine } from '../../model/build-analysis.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { NOTHING, proposal, refusal } from '../shared/edit/proposal.ts';
import { addFlag } from '../shared/edit/run-text.ts';
import { inStage, type Placed } from '../shared/edit/stage-view.ts';

interface UnreadRun {
  readonly run: Placed;
  readonly line: UnreadLine;
}

const isIn = (inner: SourceRange, { instruction: { range } }: Placed): boolean =>
  range.startLine <= inner.startLine && range.endLine >= inner.endLine;

/** RUNs that start what nobody could read, each once. */
function unreadRuns(input: FixInput): readonly UnreadRun[] {
  const runs = input.model.stages
    .flatMap(({ index }) => inStage(input, index))
    .filter(({ keyword }) => keyword === 'RUN');
  return runs.flatMap((run) => {
    const line = input.analysis.unread.find(({ range, held }) => held !== true && isIn(range, run));
    return line === undefined ? [] : [{ run, line }];
  });
}

/** Why a RUN needs the network; undefined where nothing that could be read does. */
function obstacle(run: Placed, { analysis }: FixInput): string | undefined {
  const { flags } = run.instruction;
  if (flags.some(({ name }) => name === 'network')) return 'it says which network it has';
  if (analysis.installs.some(({ range }) => isIn(range, run))) return 'it installs packages too';
  return analysis.downloads.some(({ range }) => isIn(range, run))
    ? 'it downloads files too'
    : undefined;
}

function plan(input: FixInput): FixPlan {
  const found = unreadRuns(input).map((one) => ({ ...one, reason: obstacle(one.run, input) }));
  const free = found.filter(({ reason }) => reason === undefined);
  const refusals = found.flatMap(({ run, line, reason }) =>
    reason === undefined
      ? []
      : [refusal(run, `${line.program ?? 'its shell'} was not read, and ${reason}`)],
  );
  const [first] = free;
  if (first === undefined) return { ...NOTHING, refusals };
  const programs = [...new Set(free.map(({ line }) => line.program ?? 'its shell'))].join(', ');
  const isWhole =
    refusals.length === 0 && input.analysis.downloads.every(({ verifiedBy }) => verifiedBy);
  return {
    edits: [
      proposal(first.run, {
        key: 'network',
        ...(isWhole ? { meets: ['verified-downloads'] } : {}),
        title: `Run ${programs} without network`,
        why: `What ${programs} does cannot be read here. Without network it can download nothing`,
        risk: 'medium',
        riskReason: 'the build fails if it does download something; --verify shows whether it does',
        edits: free.map(({ run }) => addFlag(run, '--network=none')),
      }),
    ],
    refusals,
  };
}

/** Blocks the network for unreadable programs, so the build downloads only what is visible. */
export const offlineRuns: FixRule = {
  id: 'offline-runs',
  title: 'Run what cannot be read without network',
  help:
    'Adds `--network=none` to each RUN that starts a program which Scoville cannot read, such as ' +
    '`make` or a script in another language. Such a program could download anything. Left alone: ' +
    'a RUN that installs packages or downloads files too, and one that names its network.',
  breaks: [{ what: 'the program does download something, and the build fails' }],
  criterion: 'verified-downloads',
  needs: [],
  plan,
};
