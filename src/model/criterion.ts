import type { EvidenceSource, Facts } from './facts.ts';
import type { Digest } from './reference.ts';
import type { SignatureOrigin } from './signature-origin.ts';

/** Where the specification is published; a criterion's `spec` is an anchor in it. */
export const SPEC_URL = 'https://github.com/chps-dev/chps/blob/main/CHPs.md';

export const VECTORS = ['minimalism', 'provenance', 'configuration', 'vulnerabilities'] as const;
export type Vector = (typeof VECTORS)[number];

export const LEVEL_NAMES = [
  'None',
  'Pimiento',
  'Jalapeno',
  'Scotch Bonnet',
  'Nagabon',
  'Ghost',
] as const;
export type Level = 1 | 2 | 3 | 4 | 5;

export type Outcome = 'pass' | 'fail' | 'unknown' | 'not-applicable';

/** `held`: meets the criterion. `loose`: does not. `open`: unknown. */
export type EvidenceState = 'held' | 'loose' | 'open';

/** What an outcome is based on; each kind names a place that a person can check. */
export type Evidence =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly layer?: Digest;
      readonly size?: number;
      readonly detail?: string;
    }
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly version: string;
      readonly path?: string;
      readonly detail?: string;
    }
  | {
      readonly kind: 'dockerfile';
      /** The lines are entries of the image's history, from 1, and of no file. */
      readonly inHistory?: true;
      readonly startLine: number;
      readonly endLine: number;
      readonly text: string;
      readonly detail?: string;
      /** For lines that are judged one by one. */
      readonly state?: EvidenceState;
    }
  | {
      readonly kind: 'attestation';
      readonly predicateType: string;
      readonly digest?: Digest;
      readonly detail?: string;
      /** Identity in the certificate, log entry and time. */
      readonly origin?: SignatureOrigin;
    }
  | {
      readonly kind: 'image';
      readonly reference: string;
      readonly digest?: Digest;
      readonly detail?: string;
      /** The Dockerfile's line that names it. */
      readonly line?: number;
      /** For images that are judged one by one. */
      readonly state?: EvidenceState;
    }
  | {
      readonly kind: 'config';
      readonly field: string;
      readonly value: string;
      readonly detail?: string;
    }
  | {
      readonly kind: 'vulnerability';
      readonly id: string;
      readonly severity: string;
      readonly package: string;
      readonly version: string;
      readonly fixedIn?: string;
    }
  | { readonly kind: 'note'; readonly text: string };

export interface Remedy {
  /** Imperative, one line. */
  readonly title: string;
  readonly detail: string;
  /** A command, flag or Dockerfile line to copy. */
  readonly example?: string;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** One line that a scorecard shows. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** The one command or flag that would decide an `unknown`. */
  readonly settle?: string;
  /** Set where the verdict uses weaker or other evidence than its facts' own source. */
  readonly source?: EvidenceSource;
}

export interface Criterion {
  readonly id: string;
  readonly title: string;
  readonly vector: Vector;
  readonly level: Level;
  /** Anchor of its heading in the specification, with `#`. */
  readonly spec: string;
  /** Why it matters, in one or two sentences. */
  readonly why: string;
  readonly needs: readonly (keyof Facts)[];
  /** Facts that its check uses where they are known, but does not need. */
  readonly uses?: readonly (keyof Facts)[];
  /** What decides it, for its documentation page. */
  readonly decidedBy?: string;
  readonly remedies: readonly Remedy[];
  /** `unknown` with the reason if one of `needs` is unknown, or with the check's error. */
  readonly judge: (facts: Facts) => Verdict & { readonly source: EvidenceSource };
}

/** One criterion's row in a report. */
export interface CriterionResult {
  readonly id: string;
  readonly title: string;
  readonly vector: Vector;
  readonly level: Level;
  /** Anchor of its heading in the specification, with `#`; absent in results of older versions. */
  readonly spec?: string;
  readonly outcome: Outcome;
  readonly summary: string;
  readonly source: EvidenceSource;
  readonly evidence: readonly Evidence[];
  readonly remedies: readonly Remedy[];
  readonly settle?: string;
}

/** True for outcomes that are worth their point, including `not applicable`. */
export function isMet(outcome: Outcome): boolean {
  return outcome === 'pass' || outcome === 'not-applicable';
}

/** A signature or attestation of an image, verified or not. */
export interface VerifiedItem {
  /** `cosign-bundle`, `cosign-tag`, `notation`; of an attestation its predicate type. */
  readonly type: string;
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  readonly reason?: string;
  readonly digest: Digest;
  readonly subjects: readonly Digest[];
  /** Certificate, log entry and time; verified with it. */
  readonly origin?: SignatureOrigin;
}

/** What made the signature that counts, and its log entry. */
interface SignedWith extends SignatureOrigin {
  readonly kind: 'key' | 'certificate' | 'notation';
}

/** May this image be deployed? `unjudged`: unknown. */
type VerifyOutcome = 'verified' | 'short' | 'unjudged';

/** The answer of `scoville verify` for an image, as in schema/scoville-verify-1.json. */
export interface ImageVerification {
  readonly image: string;
  /** The index or manifest of the name: what to deploy. */
  readonly digest: Digest;
  readonly outcome: VerifyOutcome;
  /** What is missing, or why the answer is unknown; empty if verified. */
  readonly reasons: readonly string[];
  /** Key or identity of the signature that counts. */
  readonly signedBy?: string;
  readonly signedWith?: SignedWith;
  /** What lacks a verified statement: `signature`, `provenance`, `SBOM`, `verdict`. */
  readonly missing: readonly string[];
  readonly signatures: readonly VerifiedItem[];
  readonly attestations: readonly VerifiedItem[];
  /** Undefined where verified attestations state none. */
  readonly level?: number;
  /** Of the verdict, RFC 3339. */
  readonly gradedAt?: string;
  readonly tests?: {
    readonly result: string;
    readonly passed: number;
    readonly warned: number;
    readonly failed: number;
  };
  /** Result of a second build, from a verified statement. */
  readonly reproduction?: { readonly reproducible: boolean; readonly differences: number };
}

/** For an image that could not be opened, so without a digest. */
export type UnopenedImage = Pick<
  ImageVerification,
  'image' | 'outcome' | 'reasons' | 'missing' | 'signatures' | 'attestations'
>;
