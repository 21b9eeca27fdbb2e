import type { Evidence } from '../../model/criterion.ts';
import type { Fact, FilesystemFact } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import { fileName } from '../../model/path.ts';
import { quantity } from '../../model/quantity.ts';
import { managerAt, PACKAGE_MANAGERS } from '../../programs/kinds/package-managers.ts';
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

interface FoundManager {
  readonly name: string;
  readonly evidence: Evidence;
}

/** Managers found by their code (`managerFiles`): a removed one may leave its record behind. */
const FOUND_BY_CODE = new Set([
  ...['pip', 'uv', 'poetry', 'pipenv', 'conda', 'pdm'],
  ...['npm', 'yarn', 'pnpm', 'corepack', 'bun'],
]);

/** Managers that are there as a language's own package, with or without an executable. */
function packagedManagers(packages: Fact<readonly Package[]>): FoundManager[] {
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
): readonly FoundManager[] {
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
    const managers = managersOf(filesystem, packages);
    if (managers.length === 0)
      return pass('no package manager', [
        note(`${filesystem.executables.length} executables checked, none is a package manager`),
      ]);
    const names = managers.map(({ name }) => name);
    return fail(
      `${quantity(new Set(names).size, 'package manager')}: ${listed(names)}`,
      managers.map(({ evidence }) => evidence),
    );
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
