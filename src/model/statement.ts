import type { Digest } from './reference.ts';

/** in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md). */
export interface Statement<P = unknown> {
  readonly _type: string;
  readonly subject: readonly {
    readonly name?: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly predicateType: string;
  readonly predicate: P;
}

export const PREDICATE_TYPE = {
  slsaProvenanceV1: 'https://slsa.dev/provenance/v1',
  slsaProvenanceV02: 'https://slsa.dev/provenance/v0.2',
  cyclonedx: 'https://cyclonedx.org/bom',
  spdx: 'https://spdx.dev/Document',
  slsaVsa: 'https://slsa.dev/verification_summary/v1',
  testResult: 'https://in-toto.io/attestation/test-result/v0.1',
  cosignSign: 'https://sigstore.dev/cosign/sign/v1',
  openvex: 'https://openvex.dev/ns',
} as const;

/** An attestation, its place, and how far to trust it. */
export interface FoundAttestation {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subjects: readonly Digest[];
  readonly source:
    'this-build' | 'buildkit-manifest' | 'bundle-referrer' | 'cosign-tag' | 'notation-referrer';
  /** `verified`: by cosign against the key or identity the user named, or this build's own. */
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  /** Why an unsigned statement contradicts the image; it then counts for nothing. */
  readonly contradicts?: string;
  /**
   * Why the base in an unsigned provenance was not compared with the image's layers: then its
   * Dockerfile earns nothing.
   */
  readonly unchecked?: string;
  /** Digest of the bundle, or of the statement's manifest. */
  readonly digest?: Digest;
}

/**
 * True for a statement about a platform's manifest, or about the root without other platforms.
 * `parts` are the manifests in the root. A statement that names some of them is about those, and
 * names the root only to be found there.
 */
export function isAboutPlatform(
  subjects: readonly Digest[],
  { root, platform }: { readonly root: Digest; readonly platform: Digest },
  parts: readonly Digest[],
): boolean {
  if (subjects.includes(platform)) return true;
  return subjects.includes(root) && !subjects.some((subject) => parts.includes(subject));
}

/** An input of the build according to its provenance. */
export interface Material {
  readonly uri: string;
  /** By algorithm, without prefix: `sha256`, `sha1` for git commits. */
  readonly digest: Readonly<Record<string, string>>;
}
