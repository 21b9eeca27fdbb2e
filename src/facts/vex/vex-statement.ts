import type { Digest } from '../../model/digest.ts';

/** A VEX document as it was found, before anything in it is believed. */
export interface VexDocument {
  /** What reports call it: the file, or the attestation's digest. */
  readonly name: string;
  /** True for the user's file or a signature-verified attestation; others set nothing aside. */
  readonly trusted: boolean;
  /** Its JSON; for an attestation the predicate. */
  readonly value: unknown;
  /**
   * A file of the user's: what it says of a version of a package in an image counts for every image
   * of that repository.
   */
  readonly ofRepository?: boolean;
  /** For an attestation: the images it is about, which its statements need not repeat. */
  readonly subjects?: readonly Digest[];
}

export type VexStatus =
  'not_affected' | 'fixed' | 'false_positive' | 'affected' | 'under_investigation';

/** What a statement is about, by all its names: package URLs, references, `sha256:` digests. */
export interface VexProduct {
  readonly names: readonly string[];
  /** What in it the statement is about; none: the whole. */
  readonly parts: readonly VexPart[];
}

export interface VexPart {
  readonly names: readonly string[];
}

/** One statement, whatever format it came in. */
export interface VexStatement {
  readonly document: string;
  readonly trusted: boolean;
  /** All names of the vulnerability, in upper case. */
  readonly vulnerability: readonly string[];
  readonly status: VexStatus;
  readonly justification?: string;
  /** The last day on which it sets something aside, YYYY-MM-DD. */
  readonly until?: string;
  /** Milliseconds since 1970; 0 where it has no date. */
  readonly time: number;
  readonly products: readonly VexProduct[];
}

/** The statements of a document, or why it has none. */
export interface VexReading {
  readonly statements: readonly VexStatement[];
  readonly problems: readonly string[];
}

/** Bounds of what is read from a document that others wrote. */
export const MOST_STATEMENTS = 50_000;
export const MOST_PRODUCTS = 5_000;
export const LONGEST_NAME = 2_048;
