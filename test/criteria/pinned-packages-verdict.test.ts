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
  [
    'pass',
    'every name has a version',
    doing({ packages: named('1.2-3', '4.5') }),
    '1 install pinned',
  ],
  ['pass', 'apk’s fuzzy version', doing({ manager: 'apk', packages: named('~8.11') }), 'pinned'],
  ['fail', 'one pin of three', doing({ packages: named('1', undefined, undefined) }), 'p1, p2'],
  ['fail', 'a wildcard', doing({ packages: named('1.*') }), 'p0'],
  ['fail', 'a lower bound', doing({ manager: 'pip', packages: named('>=2') }), 'p0'],
  ['fail', 'go install at latest', doing({ manager: 'go', packages: named('latest') }), 'p0'],
  ['pass', 'npm ci', doing({ manager: 'npm', lockFile: true }), 'pinned'],
  [
    'fail',
    'a name beside a lock file',
    doing({ manager: 'npm', lockFile: true, packages: named(undefined) }),
    'p0',
  ],
  ['fail', 'npm install', doing({ manager: 'npm', command: 'npm install' }), 'line 3'],
  [
    'pass',
    'frozen repository',
    doing({ frozenRepository: true, packages: named(undefined) }),
    'pinned',
  ],
  [
    'fail',
    'each install is judged',
    doing({ lockFile: true }, { packages: named(undefined), range: range(9) }),
    'line 9',
  ],
  [
    'unknown',
    'requirements that are not seen',
    doing({ manager: 'pip', requirementsFile: 'requirements.txt' }),
    'requirements.txt',
  ],
  [
    'unknown',
    'a name that is not constant',
    doing({ packages: named('1'), unresolved: true }),
    'not constant',
  ],
  [
    'fail',
    'unpinned weighs more than not constant',
    doing({ packages: named(undefined), unresolved: true }),
    'p0',
  ],
  [
    'unknown',
    'what the history shows is pinned, and it does not show all',
    factsOf({
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
    'only the image’s history describes the build',
    { settle: 'scoville grade --file Dockerfile IMAGE' },
  ],
  [
    'unknown',
    'shell that could not be read',
    factsOf({ build: buildDoing({ unread: [{ range: range(7), reason: 'PowerShell' }] }) }),
    'line 7',
  ],
  ['not-applicable', 'ok- installs nothing', doing(), 'installs no packages'],
  [
    'unknown',
    'no Dockerfile',
    factsOf({ build: build() }),
    'no Dockerfile',
    { settle: 'scoville grade --file Dockerfile IMAGE' },
  ],
]);

const replayed = (given: Partial<PackageInstall>) =>
  factsOf({ build: replaying(buildDoing({ installs: [install(given)] })) });

judgesAs(pinnedPackages, [
  [
    'pass',
    'no version, replayed from the lock',
    replayed({ packages: named(undefined) }),
    '1 install pinned',
  ],
  [
    'pass',
    'a requirements file that is not seen, replayed',
    replayed({ manager: 'pip', requirementsFile: 'r.txt' }),
    'pinned',
  ],
  [
    'fail',
    'a manager that may not ask by the proxy, in a replay',
    replayed({ manager: 'other', packages: named(undefined) }),
    'no exact version',
  ],
]);
