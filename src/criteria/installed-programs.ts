import { fileName, quantity } from '../lib/text.ts';
import type { Evidence, Verdict } from '../model/criterion.ts';
import type { Fact, FileFact, FilesystemFact } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import {
  BUILD_TOOLS,
  entryNamed,
  managerAt,
  PACKAGE_MANAGERS,
  possibleNames,
  SHELL_PROGRAMS,
  type ToolEntry,
  type ToolTable,
} from '../programs/kinds.ts';
import { criterion, fail, fileEvidence, listed, note, packageEvidence, pass } from './criterion.ts';

interface FoundProgram {
  readonly file: FileFact;
  readonly entry: ToolEntry;
}

/**
 * Places of documents, examples and completions, where a person or a shell reads a script and
 * nothing runs it. Also places that cron, init and reportbug call: a script there has the name of
 * the program that it looks after (`etc/cron.daily/dpkg`).
 */
const DOCUMENTS =
  /(?:^|\/)(?:share\/(?:doc|man|info|bash-completion|zsh|fish|bug)|bash_completion\.d|completions|etc\/(?:cron\.[a-z]+|(?:init|rc\d)\.d))\//;

const TABLES = {
  shells: SHELL_PROGRAMS,
  'package-managers': PACKAGE_MANAGERS,
  'build-tools': BUILD_TOOLS,
};
const ALL: readonly ToolTable[] = Object.values(TABLES);

interface Named {
  readonly file: FileFact;
  readonly names: readonly string[];
}

/** The executables in any of the tables, few of 100,000, cached: several criteria ask for them. */
const NAMED = new WeakMap<FilesystemFact, readonly Named[]>();

function namedOf(filesystem: FilesystemFact): readonly Named[] {
  const known = NAMED.get(filesystem);
  if (known !== undefined) return known;
  const named = filesystem.executables.flatMap((file): Named[] => {
    const names = possibleNames(fileName(file.path));
    return ALL.some((table) => entryNamed(table, names)) ? [{ file, names }] : [];
  });
  NAMED.set(filesystem, named);
  return named;
}

/** True if the file, or its link's target, can run: ELF, script or another program format. */
export function isProgram({ type, path, resolved, executable }: FileFact): boolean {
  if (type === 'symlink' && resolved === undefined) return false;
  if (executable === 'unknown') return false;
  return !(executable === 'script' && DOCUMENTS.test(path));
}

/** The programs of the final filesystem that the table names, wherever they lie. */
export function findPrograms(
  filesystem: FilesystemFact,
  tableName: keyof typeof TABLES,
): FoundProgram[] {
  return namedOf(filesystem).flatMap(({ file, names }) => {
    const entry = entryNamed(TABLES[tableName], names);
    return entry !== undefined && isProgram(file) ? [{ file, entry }] : [];
  });
}

/** Something that must not be in the image. */
export interface FoundTool {
  readonly name: string;
  readonly evidence: Evidence;
}

/** Fails for what was found, by its names; else passes by what was checked. */
export function noneFound(
  found: readonly FoundTool[],
  none: string,
  checked: string,
  ...kind: readonly [one: string, many?: string]
): Verdict {
  if (found.length === 0) return pass(none, [note(checked)]);
  const names = found.map(({ name }) => name);
  return fail(
    `${quantity(new Set(names).size, ...kind)}: ${listed(names)}`,
    found.map(({ evidence }) => evidence),
  );
}

/** Managers found by their code (`managerFiles`): a removed one may leave its record behind. */
const FOUND_BY_CODE = new Set([
  ...['pip', 'uv', 'poetry', 'pipenv', 'conda', 'pdm'],
  ...['npm', 'yarn', 'pnpm', 'corepack', 'bun'],
]);

/** Managers that are there as a language's own package, with or without an executable. */
function packagedManagers(packages: Fact<readonly Package[]>): FoundTool[] {
  if (!packages.known) return [];
  return packages.value
    .filter((found) => found.type === 'npm' || found.type === 'pypi' || found.type === 'gem')
    .filter(({ name }) => PACKAGE_MANAGERS.get(name)?.kind === 'language package managers')
    .filter(({ name }) => !FOUND_BY_CODE.has(name))
    .map((found) => ({
      name: found.name,
      evidence: packageEvidence(found, `a ${found.type} package that is a package manager`),
    }));
}

function managersOf(
  filesystem: FilesystemFact,
  packages: Fact<readonly Package[]>,
): readonly FoundTool[] {
  const programs = findPrograms(filesystem, 'package-managers').map(({ file, entry }) => ({
    name: fileName(file.path),
    evidence: fileEvidence(file, `${entry.kind}: ${entry.reason}`),
  }));
  const code = filesystem.managerFiles.map((file) => ({
    name: managerAt(file.path),
    evidence: fileEvidence(file, 'a package manager’s own code'),
  }));
  const known = new Set([...programs, ...code].map(({ name }) => name));
  return [...programs, ...code, ...packagedManagers(packages).filter((m) => !known.has(m.name))];
}

export const noPackageManager = criterion({
  id: 'no-package-manager',
  title: 'No package manager',
  vector: 'minimalism',
  level: 3,
  spec: '#no-package-manager',
  why: 'With a package manager, an attacker can install the tools they lack.',
  needs: ['filesystem'],
  uses: ['packages'],
  decidedBy:
    'An executable that is an OS or language package manager fails, wherever it lies, and so does a language package manager ' +
    'whose code is there without an executable (`site-packages/pip`, `node_modules/npm`). A package database alone, such as ' +
    'distroless’ `status.d`, is fine.',
  check: ({ filesystem, packages }) => {
    const checked = `${quantity(filesystem.executables.length, 'executable')} checked, none is a package manager`;
    const managers = managersOf(filesystem, packages);
    return noneFound(managers, 'no package manager', checked, 'package manager');
  },
  remedies: [
    {
      title: 'End in a base without a package manager',
      detail:
        'Install in a build stage, then copy the result into a distroless, Chainguard or scratch base. A manager deleted in a ' +
        'later layer is gone from the final filesystem too.',
      example: 'FROM gcr.io/distroless/nodejs22-debian12:nonroot',
    },
  ],
});
