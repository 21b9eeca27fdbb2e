import type { Digest } from './digest.ts';
import type { SignatureOrigin } from './signature-origin.ts';

/** One signature or attestation of an image that was verified, or was not. */
export interface VerifiedItem {
  /** `cosign-bundle`, `cosign-tag`, `notation`; of an attestation its predicate type. */
  readonly type: string;
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  /** Why it is not verified. */
  readonly reason?: string;
  readonly digest: Digest;
  /** What it is about. */
  readonly subjects: readonly Digest[];
  /** Who signed by a certificate, where that is logged, and when; verified with it. */
  readonly origin?: SignatureOrigin;
}

/** With what the signature that counts was made, and where that is logged. */
export interface SignedWith extends SignatureOrigin {
  readonly kind: 'key' | 'certificate' | 'notation';
}

/** The answer to: may this image be deployed. `unjudged`: there is no answer. */
export type VerifyOutcome = 'verified' | 'short' | 'unjudged';

/** The answer of `scoville verify` for an image, as in schema/scoville-verify-1.json. */
export interface ImageVerification {
  readonly image: string;
  /** The index or manifest that the name leads to: what to deploy. */
  readonly digest: Digest;
  readonly outcome: VerifyOutcome;
  /** What it is short of, or why there is no answer; empty where it is verified. */
  readonly reasons: readonly string[];
  /** Key or identity of the signature that counts. */
  readonly signedBy?: string;
  readonly signedWith?: SignedWith;
  /** What no verified signature or statement says: `signature`, `provenance`, `SBOM`, `verdict`. */
  readonly missing: readonly string[];
  readonly signatures: readonly VerifiedItem[];
  readonly attestations: readonly VerifiedItem[];
  /** Level that verified attestations state; undefined where none does. */
  readonly level?: number;
  /** When the verdict was made, RFC 3339. */
  readonly gradedAt?: string;
  /** Of the verified test result. */
  readonly tests?: {
    readonly result: string;
    readonly passed: number;
    readonly warned: number;
    readonly failed: number;
  };
  /** What a second build showed, where a verified statement tells. */
  readonly reproduction?: { readonly reproducible: boolean; readonly differences: number };
}

/** What there is to say of an image that could not be opened, and so has no digest. */
export type UnopenedImage = Pick<
  ImageVerification,
  'image' | 'outcome' | 'reasons' | 'missing' | 'signatures' | 'attestations'
>;
