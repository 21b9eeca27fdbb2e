import {
  isProvenanceType,
  parseProvenance,
  type ReadProvenance,
} from '../../attestations/provenance-read.ts';
import type { Digest } from '../../model/digest.ts';
import type { EvidenceSource } from '../../model/facts.ts';
import type { FoundAttestation } from '../../model/statement.ts';

/** The provenance that a verdict rests on, and what the others say otherwise. */
export interface ChosenProvenance {
  readonly provenance: ReadProvenance;
  /** As stated, not read. */
  readonly predicate: unknown;
  readonly source: EvidenceSource;
  /** Key or identity that it was verified with. */
  readonly verifiedBy: string | undefined;
  /** Why its Dockerfile earns nothing, where nobody signed it and its base was not compared. */
  readonly unchecked: string | undefined;
  readonly notices: readonly string[];
}

/**
 * The best provenance of an image: its subject is one of `digests`, no check of its signature
 * failed; verified before unverified, one whose base was compared before others, signed before
 * BuildKit's own, one with a Dockerfile before one without. Where another that counts contradicts
 * it, a notice says so.
 */
export function chooseProvenance(
  attestations: readonly FoundAttestation[],
  digests: readonly Digest[],
): ChosenProvenance | undefined {
  const candidates = attestations
    .filter(({ predicateType }) => isProvenanceType(predicateType))
    .filter(
      ({ verification, contradicts }) => verification !== 'failed' && contradicts === undefined,
    )
    .filter(({ subjects }) => subjects.some((subject) => digests.includes(subject)))
    .flatMap((found) => {
      const read = parseProvenance(found.predicate);
      return read.ok ? [{ found, provenance: read.value }] : [];
    })
    .sort((a, b) => rank(a.found, a.provenance) - rank(b.found, b.provenance));
  const best = candidates[0];
  if (best === undefined) return undefined;
  const others = candidates.slice(1).flatMap(({ found, provenance }) => {
    const what = contradiction(best.provenance, provenance);
    return what === undefined ? [] : [{ what, isEqual: found.unchecked === best.found.unchecked }];
  });
  const differing = others[0]?.what;
  const verified = best.found.verification === 'verified';
  // Of two that fit the image and that nobody signed, the better one proves nothing.
  const tie = others.find(({ isEqual }) => isEqual)?.what;
  const tied = tie === undefined ? undefined : `the statements disagree on ${tie}`;
  return {
    provenance: best.provenance,
    predicate: best.found.predicate,
    verifiedBy: verified ? best.found.verifiedBy : undefined,
    unchecked: verified ? undefined : (best.found.unchecked ?? tied),
    source: verified ? 'verified-attestation' : 'unverified-attestation',
    notices:
      differing === undefined
        ? []
        : [
            `the provenance statements disagree on ${differing}; ` +
              (verified
                ? 'the verified one counts'
                : 'none is verified, and the one that fits the image best counts'),
          ],
  };
}

function rank(
  { verification, source, unchecked }: FoundAttestation,
  { dockerfile }: ReadProvenance,
): number {
  return (
    (verification === 'verified' ? 0 : 8) +
    (unchecked === undefined ? 0 : 4) +
    (source === 'buildkit-manifest' ? 2 : 0) +
    (dockerfile === undefined ? 1 : 0)
  );
}

/** What two statements about one image cannot both be right on. */
function contradiction(a: ReadProvenance, b: ReadProvenance): string | undefined {
  if (a.dockerfile !== undefined && b.dockerfile !== undefined)
    if (a.dockerfile.text !== b.dockerfile.text) return 'the Dockerfile';
  const digests = new Map(a.materials.map(({ uri, digest }) => [uri, digest['sha256']]));
  const other = b.materials.find(({ uri, digest }) => {
    const stated = digests.get(uri);
    return stated !== undefined && digest['sha256'] !== undefined && stated !== digest['sha256'];
  });
  return other === undefined ? undefined : `the digest of ${other.uri}`;
}
