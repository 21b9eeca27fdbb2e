import type { Fact, FilesystemFact } from '../../model/facts.ts';
import type { Package } from '../../model/packages.ts';
import { quantity } from '../../model/quantity.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { attestationEvidence, attested, noneOwn, trustIn } from '../shared/verdict/attested.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { fail, listed, note, packageEvidence, pass } from '../shared/verdict/verdict.ts';
import { sbomContent, type SbomContent } from './sbom-content.ts';
import {
  FOREIGN_SHARE,
  foreignOsParts,
  namesForeignFiles,
  osParts,
  SBOM_COVERAGE,
  sbomCoverage,
} from './sbom-match.ts';

interface Judged {
  readonly holds: boolean;
  readonly coverage: number;
  readonly summary: string;
  readonly missing: readonly Package[];
}

function isSbom(type: string): boolean {
  return type.startsWith(PREDICATE_TYPE.cyclonedx) || type.startsWith(PREDICATE_TYPE.spdx);
}

function answer(holds: boolean, summary: string): Judged {
  return { holds, coverage: 0, summary, missing: [] };
}

/** Judges an image without packages: the SBOM must at least not describe another image. */
function withoutPackages(content: SbomContent, filesystem: Fact<FilesystemFact>): Judged {
  const { format, parts } = content;
  const os = osParts(content).length;
  if (os > 0)
    return answer(
      false,
      `the SBOM names ${quantity(os, 'OS package')}, of which the image has none`,
    );
  if (filesystem.known && namesForeignFiles(content, filesystem.value))
    return answer(false, 'the SBOM names files that the image does not contain');
  const named = quantity(parts.length, 'part');
  return answer(true, `${format} names ${named}; the image contains no package to compare with`);
}

function judge(
  { predicate, verification }: FoundAttestation,
  packages: readonly Package[],
  filesystem: Fact<FilesystemFact>,
): Judged {
  const content = sbomContent(predicate);
  if (content === undefined) return answer(false, 'the SBOM is neither CycloneDX nor SPDX');
  if (content.parts.length === 0) return answer(false, 'the SBOM is empty');
  if (packages.length === 0) return withoutPackages(content, filesystem);
  const { total, named, missing } = sbomCoverage(content, packages);
  const coverage = named / total;
  const foreign = foreignOsParts(content, packages);
  if (verification === 'unverified' && foreign.length > osParts(content).length * FOREIGN_SHARE)
    return answer(
      false,
      `the SBOM, which nobody signed, names ${quantity(foreign.length, 'OS package')} that the image does not have: ${listed(foreign.map(({ name }) => name))}`,
    );
  return {
    holds: coverage >= SBOM_COVERAGE,
    coverage,
    missing,
    summary:
      named === 0
        ? `the SBOM names none of the image’s ${quantity(total, 'package')}`
        : `${content.format} names ${named} of the image’s ${quantity(total, 'package')}`,
  };
}

export const sbomAttested = criterion({
  id: 'sbom',
  title: 'SBOM attestation',
  vector: 'provenance',
  level: 4,
  spec: '#sboms',
  why: 'A bill of materials answers in seconds whether an image contains a vulnerable package.',
  needs: ['image', 'attestations', 'packages'],
  uses: ['filesystem'],
  decidedBy:
    'An SPDX or CycloneDX attestation that parses, is not empty and has this image as its ' +
    `subject: its manifest or the index that lists it. It names at least ${SBOM_COVERAGE * 100} % of the packages that are found in the image, by name and version. The share is ` +
    'reported. An empty or foreign SBOM fails, and so does an unsigned one that names OS ' +
    'packages the image does not have. Where no package is found in the image, such as one ' +
    'static program, the SBOM must name what the image contains: the program itself. One ' +
    'that names OS packages, or only files that the image does not contain, describes ' +
    'another image.',
  check: ({ image, attestations, packages, filesystem }) => {
    const found = attested(attestations, image, isSbom);
    const judged = found.own
      .map((one) => ({ found: one, ...judge(one, packages, filesystem) }))
      .sort((a, b) => Number(b.holds) - Number(a.holds) || b.coverage - a.coverage);
    const best = judged[0];
    if (best === undefined) return noneOwn(found, 'SBOM', attestations);
    const missing = best.missing.slice(0, 20).map((one) => packageEvidence(one, 'not in the SBOM'));
    const evidence = [attestationEvidence(best.found, best.summary), ...missing];
    const rest = best.missing.length - missing.length;
    const all =
      rest > 0 ? [...evidence, note(`and ${rest} more packages not in the SBOM`)] : evidence;
    return best.holds
      ? pass(best.summary, all, { source: trustIn(best.found) })
      : fail(best.summary, all, { source: trustIn(best.found) });
  },
  remedies: [
    {
      title: 'Attach an SBOM of this image',
      detail:
        'Build with scoville, which attests CycloneDX and SPDX from the packages it finds in the layers, or attest the output of a scanner with cosign.',
      example: 'scoville attest --type cyclonedx --predicate FILE IMAGE',
    },
  ],
});
