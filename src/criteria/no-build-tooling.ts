import { type RunProgram, runPrograms } from '../dockerfile/run-script.ts';
import { fileName, quantity } from '../lib/text.ts';
import type { BuildAnalysis, PackageInstall } from '../model/build-analysis.ts';
import type { Instruction, SourceRange } from '../model/dockerfile.ts';
import type { FilesystemFact } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import { buildPurpose } from '../programs/kinds.ts';
import { managerNamed } from '../programs/managers.ts';
import { criterion, fileEvidence, packageEvidence } from './criterion.ts';
import { findPrograms, type FoundTool, noneFound } from './installed-programs.ts';
import { criterionRule, instructionsOf, type RuleFinding } from './lint-rule.ts';

/** The .NET SDK has its compilers as libraries in `dotnet/sdk/VERSION/`, next to `dotnet`. */
const DOTNET_SDK = /(?:^|\/)dotnet\/sdk\/[^/]+\//;

function toolsOf(filesystem: FilesystemFact, packages: readonly Package[]): FoundTool[] {
  // busybox' `ar` unpacks archives and does not belong to a tool chain.
  const named = findPrograms(filesystem, 'build-tools')
    .filter(({ file }) => file.multicall === undefined)
    .map(({ file, entry }) => ({ file, reason: `${entry.kind}: ${entry.reason}` }));
  const sdk = filesystem.executables.find((file) => DOTNET_SDK.test(file.path));
  const files =
    sdk === undefined ? named : [...named, { file: sdk, reason: 'part of the .NET SDK' }];
  return [
    ...files.map(({ file, reason }) => ({
      name: fileName(file.path),
      evidence: fileEvidence(file, reason),
    })),
    ...packages.flatMap((found) => {
      const reason = buildPurpose(found);
      return reason === undefined
        ? []
        : [{ name: found.name, evidence: packageEvidence(found, reason) }];
    }),
  ];
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
    const checked = `checked ${quantity(filesystem.executables.length, 'executable')}, ${quantity(packages.length, 'package')}`;
    const tools = toolsOf(filesystem, packages);
    const kind = ['tool or package', 'tools and packages'] as const;
    return noneFound(tools, 'no build or debug tooling', checked, ...kind);
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

function isAfter(range: SourceRange, other: SourceRange): boolean {
  return range.startLine === other.startLine
    ? range.startColumn > other.startColumn
    : range.startLine > other.startLine;
}

/** True where a word of a removal means the package: its name, or a pattern. */
function stands(word: string, name: string): boolean {
  const plain = word.replace(/[=:].*/s, '');
  if (plain === name) return true;
  const pattern = plain.split(/\.?\*/).map((part) => part.replace(/[^\w-]/g, '\\$&'));
  return pattern.length > 1 && new RegExp(`^${pattern.join('.*')}$`).test(name);
}

/** Names that remove installed words together: `apk add --virtual NAME`, or a shared variable. */
function groups({ program, words }: RunProgram): readonly string[] {
  const at = words.findIndex((word) => /^(?:-t|--virtual)$/.test(word));
  const joined = words.find((word) => word.startsWith('--virtual='))?.slice('--virtual='.length);
  const virtual = program === 'apk' ? [joined ?? (at < 0 ? '' : (words[at + 1] ?? ''))] : [];
  return [...virtual, ...words.filter((word) => word.includes('$'))].filter((word) => word !== '');
}

/** Whether later commands of the same RUN remove a package that the command installs. */
function isRemovedAgain(
  { manager, range }: PackageInstall,
  name: string,
  run: Instruction,
): boolean {
  const removal = managerNamed(manager)?.removal;
  if (removal === undefined) return false;
  const programs = runPrograms(run).map((one) => ({ ...one, range: run.commands[one.at]?.range }));
  const own = programs.find(
    (one) =>
      one.range?.startLine === range.startLine && one.range.startColumn === range.startColumn,
  );
  const shared = own === undefined ? [] : groups(own);
  const later = programs.filter((one) => one.range !== undefined && isAfter(one.range, range));
  const removing = later.filter(
    ({ program, words }) =>
      removal.programs.test(program) && words.some((word) => removal.verbs.test(word)),
  );
  const isNamed = removing.some(({ words }) =>
    words.some((word) => stands(word, name) || shared.includes(word)),
  );
  // What is marked as brought in by others goes with them.
  const isMarked = later.some(
    ({ program, words }) =>
      program === 'apt-mark' && words[0] === 'auto' && words.some((word) => stands(word, name)),
  );
  const takesAll = removing.some(({ words }) =>
    words.some((word) => /^(?:--auto-?remove|autoremove|auto-remove|autopurge)$/.test(word)),
  );
  return isNamed || (isMarked && takesAll);
}

function wordRange(
  name: string,
  { range }: PackageInstall,
  { commands }: Instruction,
): SourceRange {
  const word = commands
    .filter(({ range: own }) => own.startLine >= range.startLine && own.endLine <= range.endLine)
    .flatMap(({ words }) => words)
    .find((one) => !isAfter(range, one.range) && one.value?.replace(/[=:/].*/s, '') === name);
  return word?.range ?? range;
}

function keptTools(run: Instruction, { installs }: BuildAnalysis): readonly RuleFinding[] {
  return installs.flatMap((install) => {
    const { range, manager, packages } = install;
    const type = managerNamed(manager)?.recorded;
    const isHere = run.range.startLine <= range.startLine && range.startLine <= run.range.endLine;
    if (!isHere || type === undefined) return [];
    return packages.flatMap(({ name }) => {
      const purpose = buildPurpose({ type, name });
      return purpose === undefined || isRemovedAgain(install, name, run)
        ? []
        : [
            {
              range: wordRange(name, install, run),
              message: `${name} stays in the image: ${purpose}`,
            },
          ];
    });
  });
}

export const noBuildToolingRule = criterionRule(noBuildTooling, {
  bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y build-essential && rm -rf /var/lib/apt/lists/*\n',
  good: 'FROM debian:trixie-slim AS build\nRUN apt-get update && apt-get install -y build-essential\nFROM debian:trixie-slim\nCOPY --from=build /out /usr/bin/app\n',
  check: ({ analysis, finalStages }) =>
    instructionsOf(finalStages, 'RUN').flatMap((run) => keptTools(run, analysis)),
});
