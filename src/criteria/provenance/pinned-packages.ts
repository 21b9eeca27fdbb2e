import type { PackageInstall } from '../../model/build-analysis.ts';
import { analysisOf, linesOf, unreadEvidence } from '../build-analysis.ts';
import { criterion } from '../criterion.ts';
import {
  count,
  fail,
  lineEvidence,
  listed,
  notApplicable,
  note,
  pass,
  unknown,
} from '../verdict.ts';

type State = 'pinned' | 'loose' | 'open';

interface Judged {
  readonly install: PackageInstall;
  readonly state: State;
  readonly reason: string;
}

/** What stands where a version should, but lets it move. */
const MOVING = /[*^<>!]|^(?:latest|main|master|head|stable|next)$/i;

function isLoose({ pin }: { readonly pin?: string }): boolean {
  return pin === undefined || pin === '' || MOVING.test(pin);
}

function judge(install: PackageInstall): Judged {
  const answer = (state: State, reason: string): Judged => ({ install, state, reason });
  if (install.frozenRepository) return answer('pinned', 'the repository is frozen');
  const loose = install.packages.filter(isLoose);
  if (install.lockFile && install.packages.length === 0)
    return answer('pinned', 'a lock file decides every version');
  if (install.lockFile && loose.length === 0)
    return answer('pinned', 'a lock file and exact versions');
  if (loose.length > 0)
    return answer('loose', `no exact version: ${listed(loose.map(({ name }) => name))}`);
  if (install.unresolved) return answer('open', 'what it installs is not constant');
  if (install.requirementsFile !== undefined)
    return answer('open', `the versions in ${install.requirementsFile} are not seen`);
  return install.packages.length > 0
    ? answer('pinned', count(install.packages.length, 'exact version'))
    : answer('loose', 'nothing holds it to exact versions');
}

const SETTLE = 'scoville grade --file Dockerfile';

export const pinnedPackages = criterion({
  id: 'pinned-packages',
  title: 'Packages pinned',
  vector: 'provenance',
  level: 3,
  spec: '#pin-packages',
  needs: ['build'],
  settle: SETTLE,
  decidedBy:
    'Each install command in the stages that the build reaches is judged on its own, and each name in it: exact versions, a lock file ' +
    'that the command refuses to depart from, or a frozen repository. `npm install`, `yarn install` without `--immutable` and requirements ' +
    'without versions may drift and fail. A build that installs nothing has nothing to pin.',
  check: ({ build }) => {
    const analysis = analysisOf(build);
    if (!analysis.known) return unknown(analysis.reason, analysis.settle ?? SETTLE);
    const { source, value } = analysis;
    const judged = value.installs.map(judge);
    const evidence = [
      ...judged.map(({ install, reason }) => lineEvidence(install.range, install.command, reason)),
      ...unreadEvidence(value),
    ];
    const inState = (state: State): Judged[] => judged.filter((j) => j.state === state);
    const loose = inState('loose');
    const first = loose[0];
    if (first !== undefined)
      return fail(`${linesOf(loose.map(({ install }) => install))}: ${first.reason}`, evidence, {
        source,
      });
    if (value.unread.length > 0)
      return unknown(
        `the shell in ${linesOf(value.unread)} could not be read`,
        undefined,
        evidence,
        source,
      );
    const open = inState('open')[0];
    if (open !== undefined)
      return unknown(
        `line ${open.install.range.startLine}: ${open.reason}`,
        'use the manager’s lock file form, such as pip install --require-hashes -r FILE',
        evidence,
        source,
      );
    return judged.length === 0
      ? notApplicable('the build installs no packages', [note('no install command in any stage')], {
          source,
        })
      : pass(`${count(judged.length, 'install')} pinned`, evidence, { source });
  },
  remedies: [
    {
      title: 'Install exact versions',
      detail:
        'Name the version of each package, use the manager’s frozen lock file form (npm ci, pip --require-hashes, cargo --locked), or freeze the ' +
        'repository at a date.',
      example: 'RUN apt-get install -y --no-install-recommends curl=8.14.1-2',
    },
  ],
});
