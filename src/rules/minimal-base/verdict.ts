import type { Evidence, Verdict } from '../../model/criterion.ts';
import { type FilesystemFact, NAME_THE_DOCKERFILE } from '../../model/facts.ts';
import { isSystemType, type Package } from '../../model/packages.ts';
import { quantity } from '../../model/quantity.ts';
import { parseReference } from '../../model/reference.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { findPrograms } from '../shared/verdict/find-programs.ts';
import { fail, note, pass, unknown } from '../shared/verdict/verdict.ts';
import { namedBase, type NamedBase } from './base-image.ts';
import { type MinimalBase, minimalBase, PACKAGE_LIMIT, SYSTEM_PACKAGES } from './minimal-bases.ts';

/** More files or programs than a hand-made root has: a missing package record was deleted. */
const FILES_OF_A_SYSTEM = 1000;
const PROGRAMS_OF_A_SYSTEM = 100;
/** The same where a package manager is there: alpine, the smallest with one, has about 500. */
const FILES_WITH_A_MANAGER = 100;
const PROGRAM_FOLDERS = /^(?:usr\/)?s?bin\/[^/]+$/;

const isOsPackage = ({ type }: Package): boolean => isSystemType(type);

function baseEvidence(base: NamedBase): Evidence[] {
  if (base.kind === 'unnamed') return [note(base.reason)];
  const reference = base.kind === 'scratch' ? 'scratch' : base.text;
  if (base.line === undefined || base.line === 0)
    return [{ kind: 'image', reference, detail: 'base of the final stage' }];
  const { line } = base;
  return [{ kind: 'image', reference, detail: `base of the final stage, line ${line}`, line }];
}

/** What shows a whole system where no package is recorded. */
function systemWithoutRecord(filesystem: FilesystemFact): string | undefined {
  const { osRelease, fileCount, executables } = filesystem;
  if (osRelease !== undefined && fileCount > FILES_OF_A_SYSTEM)
    return `${fileCount} files of ${osRelease.id}`;
  const manager = findPrograms(filesystem, 'package-managers').find(
    ({ file, entry }) => entry.kind === 'OS package managers' && file.multicall === undefined,
  );
  if (manager !== undefined && fileCount > FILES_WITH_A_MANAGER)
    return `a package manager, ${manager.file.path}`;
  let programs = 0;
  for (const { path, type, multicall } of executables)
    if (type === 'file' && multicall === undefined && PROGRAM_FOLDERS.test(path)) programs += 1;
  return programs > PROGRAMS_OF_A_SYSTEM
    ? `${programs} programs in the system’s folders`
    : undefined;
}

function byPackages(filesystem: FilesystemFact, os: number, evidence: Evidence[]): Verdict {
  const shown = [...evidence, note(`${quantity(os, 'OS package')}, limit ${PACKAGE_LIMIT}`)];
  const options = { source: 'image' as const };
  if (os > 0)
    return os <= PACKAGE_LIMIT
      ? pass(`${os} OS packages, at most ${PACKAGE_LIMIT}`, shown, options)
      : fail(`${os} OS packages, more than ${PACKAGE_LIMIT}`, shown, options);
  const system = systemWithoutRecord(filesystem);
  return system === undefined
    ? pass('no OS packages', shown, options)
    : unknown(`${system}, but no record of packages`, NAME_THE_DOCKERFILE, shown);
}

/** The table's family that a base belongs to, with the image's system in `other` if it differs. */
function familyOf(
  base: NamedBase,
  filesystem: FilesystemFact,
):
  | { readonly family: MinimalBase; readonly excepted: boolean; readonly other?: string }
  | undefined {
  const reference = base.kind === 'image' ? parseReference(base.text) : undefined;
  const known = reference?.ok === true ? minimalBase(reference.value) : undefined;
  const id = filesystem.osRelease?.id;
  const { systems } = known?.family ?? {};
  return known === undefined || systems === undefined || id === undefined || systems.includes(id)
    ? known
    : { ...known, other: id };
}

export const minimalBaseImage = criterion({
  id: 'minimal-base',
  title: 'Minimal base image',
  vector: 'minimalism',
  level: 1,
  spec: '#use-a-minimal-base-image',
  why: 'Whatever the base contains and the program does not need can be attacked, has to be updated, and is reported by scanners.',
  needs: ['filesystem', 'packages'],
  uses: ['build', 'image'],
  decidedBy:
    'The base of the final stage passes when the table of minimal bases names it. The ' +
    'Dockerfile that was built, its provenance or the base annotations name the base. ARGs ' +
    'and stage names are resolved, and the whole name counts. A variant that the table ' +
    'excepts fails. Otherwise the number of OS packages in the image decides: at most ' +
    `${PACKAGE_LIMIT}. That applies to a base that the table does not name, to scratch with ` +
    'a system unpacked on it, and to a base that nothing names. An image without OS packages ' +
    'passes. The image itself has the last word. If its os-release is of another system, the ' +
    `image does not use the base that it claims. More than ${SYSTEM_PACKAGES} OS packages ` +
    'are a whole system on any base. The answer is unknown where files, programs or a ' +
    'package manager show a system but no package is recorded.',
  check: ({ filesystem, packages, build, image }) => {
    const base = namedBase(build, image);
    const evidence = baseEvidence(base);
    const os = packages.filter(isOsPackage).length;
    const known = familyOf(base, filesystem);
    if (base.kind === 'scratch' && os === 0 && systemWithoutRecord(filesystem) === undefined)
      return pass('scratch', evidence, { source: base.source });
    if (base.kind !== 'image' || known === undefined) return byPackages(filesystem, os, evidence);
    if (known.other !== undefined)
      return byPackages(filesystem, os, [
        ...evidence,
        note(`os-release says ${known.other}, so the image does not use ${base.text}`),
      ]);
    const { family, excepted } = known;
    const options = { source: base.source };
    if (excepted)
      return fail(
        `${base.text} is not a minimal image`,
        [...evidence, note(family.reason)],
        options,
      );
    const counted = note(`${quantity(os, 'OS package')} in the image`);
    return os > SYSTEM_PACKAGES
      ? fail(`${os} OS packages, a whole system on ${base.text}`, [...evidence, counted], options)
      : pass(`${base.text}: ${family.name}`, [...evidence, note(family.reason), counted], options);
  },
  fixable: true,
  remedies: [
    {
      title: 'Use a minimal base image',
      detail:
        'Use a distroless, Chainguard, Alpine or -slim image (or scratch for a static binary) and install only what the app needs.',
      example: 'FROM debian:trixie-slim',
    },
    {
      title: 'Name the base image that was used',
      detail:
        'Without a Dockerfile, provenance or base annotations the packages of the whole image are counted. Give the Dockerfile with --file, or have the build ' +
        'state the base as `org.opencontainers.image.base.name`.',
      example: NAME_THE_DOCKERFILE,
    },
  ],
});
