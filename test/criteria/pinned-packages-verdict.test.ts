import { pinnedPackages } from '../../src/criteria/pinned-packages.ts';
import type { PackageInstall } from '../../src/model/build-analysis.ts';
import { known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import {
  build,
  buildDoing,
  dockerfile,
  factsOf,
  install,
  range,
  replaying,
} from './facts-builder.ts';

const doing = (...given: readonly Partial<PackageInstall>[]) =>
  factsOf({ build: buildDoing({ installs: given.map((one) => install(one)) }) });
const named = (...pins: readonly (string | undefined)[]) =>
  pins.map((pin, i) => ({ name: `p${i}`, ...(pin === undefined ? {} : { pin }) }));

judgesAs(pinnedPackages, [
  {
    name: 'every name has a version',
    facts: doing({ packages: named('1.2-3', '4.5') }),
    outcome: 'pass',
    says: '1 install pinned',
  },
  {
    name: 'apk’s fuzzy version',
    facts: doing({ manager: 'apk', packages: named('~8.11') }),
    outcome: 'pass',
    says: 'pinned',
  },
  {
    name: 'one pin of three',
    facts: doing({ packages: named('1', undefined, undefined) }),
    outcome: 'fail',
    says: 'p1, p2',
  },
  { name: 'a wildcard', facts: doing({ packages: named('1.*') }), outcome: 'fail', says: 'p0' },
  {
    name: 'a lower bound',
    facts: doing({ manager: 'pip', packages: named('>=2') }),
    outcome: 'fail',
    says: 'p0',
  },
  {
    name: 'go install at latest',
    facts: doing({ manager: 'go', packages: named('latest') }),
    outcome: 'fail',
    says: 'p0',
  },
  {
    name: 'npm ci',
    facts: doing({ manager: 'npm', lockFile: true }),
    outcome: 'pass',
    says: 'pinned',
  },
  {
    name: 'a name beside a lock file',
    facts: doing({ manager: 'npm', lockFile: true, packages: named(undefined) }),
    outcome: 'fail',
    says: 'p0',
  },
  {
    name: 'npm install',
    facts: doing({ manager: 'npm', command: 'npm install' }),
    outcome: 'fail',
    says: 'line 3',
  },
  {
    name: 'frozen repository',
    facts: doing({ frozenRepository: true, packages: named(undefined) }),
    outcome: 'pass',
    says: 'pinned',
  },
  {
    name: 'each install is judged',
    facts: doing({ lockFile: true }, { packages: named(undefined), range: range(9) }),
    outcome: 'fail',
    says: 'line 9',
  },
  {
    name: 'requirements that are not seen',
    facts: doing({ manager: 'pip', requirementsFile: 'requirements.txt' }),
    outcome: 'unknown',
    says: 'requirements.txt',
  },
  {
    name: 'a name that is not constant',
    facts: doing({ packages: named('1'), unresolved: true }),
    outcome: 'unknown',
    says: 'not constant',
  },
  {
    name: 'unpinned weighs more than not constant',
    facts: doing({ packages: named(undefined), unresolved: true }),
    outcome: 'fail',
    says: 'p0',
  },
  {
    name: 'what the history shows is pinned, and it does not show all',
    facts: factsOf({
      build: build({
        dockerfile: known(dockerfile('debian'), 'image'),
        analysis: {
          installs: [install({ packages: [{ name: 'curl', pin: '8.14.1-2' }] })],
          downloads: [],
          unread: [],
          partial: 'only the image’s history describes the build',
        },
      }),
    }),
    outcome: 'unknown',
    says: 'only the image’s history describes the build',
    settle: 'scoville grade --file Dockerfile IMAGE',
  },
  {
    name: 'shell that could not be read',
    facts: factsOf({ build: buildDoing({ unread: [{ range: range(7), reason: 'PowerShell' }] }) }),
    outcome: 'unknown',
    says: 'line 7',
  },
  {
    name: 'ok- installs nothing',
    facts: doing(),
    outcome: 'not-applicable',
    says: 'installs no packages',
  },
  {
    name: 'no Dockerfile',
    facts: factsOf({ build: build() }),
    outcome: 'unknown',
    says: 'no Dockerfile',
    settle: 'scoville grade --file Dockerfile IMAGE',
  },
]);

const replayed = (given: Partial<PackageInstall>) =>
  factsOf({ build: replaying(buildDoing({ installs: [install(given)] })) });

judgesAs(pinnedPackages, [
  {
    name: 'no version, replayed from the lock',
    facts: replayed({ packages: named(undefined) }),
    outcome: 'pass',
    says: '1 install pinned',
  },
  {
    name: 'a requirements file that is not seen, replayed',
    facts: replayed({ manager: 'pip', requirementsFile: 'r.txt' }),
    outcome: 'pass',
    says: 'pinned',
  },
  {
    name: 'a manager that may not ask by the proxy, in a replay',
    facts: replayed({ manager: 'other', packages: named(undefined) }),
    outcome: 'fail',
    says: 'no exact version',
  },
]);
