import type { Evidence, Verdict } from '../../model/criterion.ts';
import type { FilesystemFact } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import { parseReference } from '../../model/reference.ts';
import { namedBase, type NamedBase } from '../base-image.ts';
import { criterion } from '../criterion.ts';
import { minimalBase, PACKAGE_LIMIT } from '../minimal-bases.ts';
import { count, fail, note, pass, unknown } from '../verdict.ts';

/** More files than a hand-made root holds: with an os-release and no package record, the database was deleted. */
const FILES_OF_A_SYSTEM = 1000;

const isOsPackage = (found: Package): boolean =>
  found.type === 'deb' || found.type === 'apk' || found.type === 'rpm';

function baseEvidence(base: NamedBase): Evidence[] {
  if (base.kind === 'unnamed') return [note(base.reason)];
  const line = base.line === undefined || base.line === 0 ? '' : `, line ${base.line}`;
  const reference = base.kind === 'scratch' ? 'scratch' : base.text;
  return [{ kind: 'image', reference, detail: `base of the final stage${line}` }];
}

function byPackages(
  filesystem: FilesystemFact,
  packages: readonly Package[],
  base: NamedBase,
): Verdict {
  const os = packages.filter(isOsPackage).length;
  const evidence = [
    ...baseEvidence(base),
    note(`${count(os, 'OS package')}, limit ${PACKAGE_LIMIT}`),
  ];
  const system = filesystem.osRelease;
  if (os === 0 && system !== undefined && filesystem.fileCount > FILES_OF_A_SYSTEM)
    return unknown(
      `${filesystem.fileCount} files of ${system.id}, but no record of its packages`,
      'scoville grade --file Dockerfile',
      evidence,
    );
  const options = { source: 'image' as const };
  if (os === 0) return pass('no OS packages', evidence, options);
  return os <= PACKAGE_LIMIT
    ? pass(`${os} OS packages, at most ${PACKAGE_LIMIT}`, evidence, options)
    : fail(`${os} OS packages, more than ${PACKAGE_LIMIT}`, evidence, options);
}

export const minimalBaseImage = criterion({
  id: 'minimal-base',
  title: 'Minimal base image',
  vector: 'minimalism',
  level: 1,
  spec: '#use-a-minimal-base-image',
  needs: ['filesystem', 'packages'],
  uses: ['build', 'image'],
  decidedBy:
    'The base of the final stage, named by the Dockerfile that was built, its provenance or the base annotations, passes when the ' +
    'table of minimal bases names it; ARGs and stage names are resolved, and the whole name counts. A base that the table does ' +
    `not name, or that nothing names, is judged by the number of OS packages in the image: at most ${PACKAGE_LIMIT}. ` +
    'An image without OS packages passes.',
  check: ({ filesystem, packages, build, image }) => {
    const base = namedBase(build, image);
    if (base.kind === 'scratch')
      return pass('scratch', baseEvidence(base), { source: base.source });
    if (base.kind === 'image') {
      const reference = parseReference(base.text);
      const known = reference.ok ? minimalBase(reference.value) : undefined;
      if (known !== undefined)
        return pass(`${base.text}: ${known.name}`, [...baseEvidence(base), note(known.reason)], {
          source: base.source,
        });
    }
    return byPackages(filesystem, packages, base);
  },
  remedies: [
    {
      title: 'Stand the final stage on a minimal base',
      detail:
        'Take a distroless, Chainguard, alpine or *-slim base, or scratch for a static binary, and install only what runs.',
      example: 'FROM debian:trixie-slim',
    },
  ],
});
