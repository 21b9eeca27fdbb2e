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

/** What evidence says of its subject: it meets the criterion, it does not, or nobody knows. */
export type EvidenceState = 'held' | 'loose' | 'open';

/** What an outcome rests on; each kind names a place that a person can look at. */
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
      readonly startLine: number;
      readonly endLine: number;
      readonly text: string;
      readonly detail?: string;
      /** Where each line is judged on its own. */
      readonly state?: EvidenceState;
    }
  | {
      readonly kind: 'attestation';
      readonly predicateType: string;
      readonly digest?: Digest;
      readonly detail?: string;
      /** Who signed by a certificate, where that is logged, and when. */
      readonly origin?: SignatureOrigin;
    }
  | {
      readonly kind: 'image';
      readonly reference: string;
      readonly digest?: Digest;
      readonly detail?: string;
      /** The Dockerfile's line that names it. */
      readonly line?: number;
      /** Where each image is judged on its own. */
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

/** What a person can do about a criterion that does not pass. */
export interface Remedy {
  /** Imperative, one line. */
  readonly title: string;
  readonly detail: string;
  /** A command, flag or Dockerfile line to copy. */
  readonly example?: string;
}

/** What a check answers. */
export interface Verdict {
  readonly outcome: Outcome;
  /** One line that a scorecard shows. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** The one command or flag that would decide an `unknown`. */
  readonly settle?: string;
  /** Where the verdict rests on weaker or other evidence than the needed facts' own source. */
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
  /** Facts that its check looks at where they are known, and does without where they are not. */
  readonly uses?: readonly (keyof Facts)[];
  /** What decides it, as its documentation page tells it. */
  readonly decidedBy?: string;
  /** `scoville fix` has edits for it. Said here so that a grade loads none; a test checks this. */
  readonly fixable?: true;
  readonly remedies: readonly Remedy[];
  /** Judges; `unknown` with the reason if one of `needs` is unknown, or with the check's error. */
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

/** True where the outcome is worth its point: a criterion that has no subject is met. */
export function isMet(outcome: Outcome): boolean {
  return outcome === 'pass' || outcome === 'not-applicable';
}

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
interface SignedWith extends SignatureOrigin {
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
