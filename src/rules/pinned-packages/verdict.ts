import type { PackageInstall } from '../../model/build-analysis.ts';
import type { BuildFact } from '../../model/facts.ts';
import { NAME_THE_DOCKERFILE } from '../../model/facts.ts';
import { quantity } from '../../model/quantity.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { type JudgedLine, judgeLines } from '../shared/verdict/line-verdicts.ts';
import { listed } from '../shared/verdict/verdict.ts';

/** What stands where a version should, but lets it move. */
const MOVING = /[*^<>!]|^(?:latest|main|master|head|stable|next)$/i;

function isLoose({ pin }: { readonly pin?: string }): boolean {
  return pin === undefined || pin === '' || MOVING.test(pin);
}

/**
 * Whether an install command gets the same versions each time. In a replay each of the known
 * managers does, whatever it asks for: it was given what the lock has by digest.
 */
export function judgeInstall(
  install: PackageInstall,
  replayed?: BuildFact['replayed'],
): JudgedLine {
  const judged = judgeAlone(install);
  return judged.state === 'held' || replayed === undefined || install.manager === 'other'
    ? judged
    : { ...judged, state: 'held', reason: 'replayed: the lock has each package by its digest' };
}

function judgeAlone(install: PackageInstall): JudgedLine {
  const { range, command } = install;
  const answer = (state: JudgedLine['state'], reason: string): JudgedLine => ({
    range,
    command,
    state,
    reason,
  });
  if (install.frozenRepository) return answer('held', 'the repository is frozen');
  if (install.looseLock !== undefined) return answer('loose', install.looseLock.reason);
  const loose = install.packages.filter(isLoose);
  if (install.lockFile && install.packages.length === 0)
    return answer('held', 'a lock file decides every version');
  if (install.lockFile && loose.length === 0)
    return answer('held', 'a lock file and exact versions');
  if (loose.length > 0)
    return answer('loose', `no exact version: ${listed(loose.map(({ name }) => name))}`);
  if (install.unresolved) return answer('open', 'what it installs is not constant');
  if (install.requirementsFile !== undefined)
    return answer('open', `the versions in ${install.requirementsFile} are not seen`);
  return install.packages.length > 0
    ? answer('held', quantity(install.packages.length, 'exact version'))
    : answer('loose', 'it does not pin versions');
}

export const pinnedPackages = criterion({
  id: 'pinned-packages',
  title: 'Packages pinned',
  vector: 'provenance',
  level: 3,
  spec: '#pin-packages',
  why: 'Without a version, two builds of the same Dockerfile give different programs, and an attacker who takes over a package is installed at once.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Each install command in the stages that the build reaches is judged separately, and ' +
    'each name in it. Compilers and interpreters that a manager of versions installs count too. ' +
    'It needs exact versions, a lock file that the command enforces, or a ' +
    'frozen repository. A lock file of npm, Yarn or pnpm must pin each entry by a checksum ' +
    'or a commit, if its content is known. These may drift and fail: `npm install`, `yarn ' +
    'install` without `--immutable`, requirements without versions, and upgrades of ' +
    'everything (`apt-get upgrade`). A build that replayed scoville.lock has each package pinned ' +
    'by digest, if the recording is complete. This run has to have replayed it, or a verified ' +
    'provenance to say so. A requirements file whose content is not known leaves it unknown. So does a program of which no table says what it does: ' +
    'build with `--record`, then `--replay`. A build that installs nothing has nothing to pin, if every command ' +
    'was read.',
  check: ({ build }) =>
    judgeLines(build, {
      judge: ({ installs }) => installs.map((one) => judgeInstall(one, build.replayed)),
      none: {
        summary: 'the build installs no packages',
        lookedAt: 'no install command in any stage',
      },
      held: (judged) => `${quantity(judged.length, 'install')} pinned`,
      settle: NAME_THE_DOCKERFILE,
      settleOpen: 'use the manager’s lock file form, such as pip install --require-hashes -r FILE',
    }),
  fixable: true,
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
