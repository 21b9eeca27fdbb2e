import type { FileFact, FilesystemFact } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import { fileName } from '../../model/path.ts';
import { quantity } from '../../model/quantity.ts';
import { buildPurpose } from '../../programs/kinds/build-packages.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { findPrograms } from '../shared/verdict/find-programs.ts';
import {
  fail,
  fileEvidence,
  listed,
  note,
  packageEvidence,
  pass,
} from '../shared/verdict/verdict.ts';

/** The .NET SDK has its compilers as libraries in `dotnet/sdk/VERSION/`, next to `dotnet`. */
const DOTNET_SDK = /(?:^|\/)dotnet\/sdk\/[^/]+\//;

interface FoundTool {
  readonly file: FileFact;
  readonly reason: string;
}

function toolsOf(filesystem: FilesystemFact): FoundTool[] {
  // busybox' `ar` unpacks archives; it is no part of a tool chain.
  const named = findPrograms(filesystem, 'build-tools')
    .filter(({ file }) => file.multicall === undefined)
    .map(({ file, entry }) => ({ file, reason: `${entry.kind}: ${entry.reason}` }));
  const sdk = filesystem.executables.find((file) => DOTNET_SDK.test(file.path));
  return sdk === undefined ? named : [...named, { file: sdk, reason: 'part of the .NET SDK' }];
}

function toolPackages(packages: readonly Package[]): { found: Package; reason: string }[] {
  return packages.flatMap((found) => {
    const reason = buildPurpose(found);
    return reason === undefined ? [] : [{ found, reason }];
  });
}

export const noBuildTooling = criterion({
  id: 'no-build-tooling',
  title: 'No build or debug tooling',
  vector: 'minimalism',
  level: 2,
  spec: '#no-build-or-debug-tooling',
  why: 'Compilers and debuggers are not needed at run time. An attacker can build and trace programs with them.',
  needs: ['filesystem', 'packages'],
  decidedBy:
    'Executables anywhere in the final filesystem fail if they are compilers, assemblers, ' +
    'linkers, build drivers, debuggers, tracers or language package builders. OS packages ' +
    'for that purpose (`build-essential`, `gcc*`, `*-dev`, `*-devel`) fail too. Versions, ' +
    'targets and links are followed (`gcc-12`, `x86_64-linux-gnu-ld`). `gcc-12-base` and ' +
    '`linux-libc-dev` contain no tool and do not count.',
  check: ({ filesystem, packages }) => {
    const tools = toolsOf(filesystem);
    const brought = toolPackages(packages);
    if (tools.length + brought.length === 0)
      return pass('no build or debug tooling', [
        note(`checked ${filesystem.executables.length} executables, ${packages.length} packages`),
      ]);
    const names = [
      ...tools.map(({ file }) => fileName(file.path)),
      ...brought.map(({ found }) => found.name),
    ];
    return fail(
      `${quantity(new Set(names).size, 'tool or package', 'tools and packages')}: ${listed(names)}`,
      [
        ...tools.map(({ file, reason }) => fileEvidence(file, reason)),
        ...brought.map(({ found, reason }) => packageEvidence(found, reason)),
      ],
    );
  },
  remedies: [
    {
      title: 'Build in one stage, run in another',
      detail:
        'Keep compilers and package builders in a build stage and copy only its results into the final stage.',
      example: 'COPY --from=build /app /app',
    },
    {
      title: 'Use a base image without npm, cargo or pip',
      detail:
        'Choose a variant without package managers. Deleting them in a later RUN also passes, ' +
        'but does not make the image smaller.',
    },
  ],
});
