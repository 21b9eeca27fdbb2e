import type { Package } from '../../model/packages.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../../model/statement.ts';
import { attestationEvidence, attested, noneOwn, trustIn } from '../attested.ts';
import { criterion } from '../criterion.ts';
import { SBOM_COVERAGE, sbomContent, unnamed } from '../sbom-match.ts';
import { fail, note, packageEvidence, pass } from '../verdict.ts';

interface Judged {
  readonly found: FoundAttestation;
  readonly holds: boolean;
  readonly coverage: number;
  readonly summary: string;
  readonly missing: readonly Package[];
}

function isSbom(type: string): boolean {
  return type.startsWith(PREDICATE_TYPE.cyclonedx) || type.startsWith(PREDICATE_TYPE.spdx);
}

function judge(found: FoundAttestation, packages: readonly Package[]): Judged {
  const flawed = (summary: string): Judged => ({
    found,
    holds: false,
    coverage: 0,
    summary,
    missing: [],
  });
  const content = sbomContent(found.predicate);
  if (content === undefined) return flawed('the SBOM is neither CycloneDX nor SPDX');
  if (content.components === 0) return flawed('the SBOM is empty');
  const missing = unnamed(content, packages);
  const named = packages.length - missing.length;
  const coverage = packages.length === 0 ? 1 : named / packages.length;
  const share = `${named} of the image’s ${packages.length} packages`;
  return {
    found,
    holds: coverage >= SBOM_COVERAGE,
    coverage,
    missing,
    summary:
      coverage === 0
        ? `the SBOM names none of the image’s ${packages.length} packages`
        : `${content.format} names ${share}`,
  };
}

export const sbomAttested = criterion({
  id: 'sbom',
  title: 'SBOM attestation',
  vector: 'provenance',
  level: 4,
  spec: '#sboms',
  needs: ['image', 'attestations', 'packages'],
  decidedBy:
    'An SPDX or CycloneDX attestation whose subject is this image’s manifest or the index that lists it, that parses, is not empty and names at ' +
    `least ${SBOM_COVERAGE * 100} % of the packages that are found in the image by name and version. The share is reported; an empty or foreign SBOM fails.`,
  check: ({ image, attestations, packages }) => {
    const found = attested(attestations, image, isSbom);
    const judged = found.own
      .map((one) => judge(one, packages))
      .sort((a, b) => Number(b.holds) - Number(a.holds));
    const best = judged[0];
    if (best === undefined) {
      const { summary, evidence } = noneOwn(found, 'SBOM');
      return fail(summary, evidence);
    }
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
      example: 'cosign attest --type cyclonedx --predicate sbom.json REPOSITORY@DIGEST',
    },
  ],
});
