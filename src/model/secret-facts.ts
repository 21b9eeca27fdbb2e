import type { Digest } from './digest.ts';

/** A secret's place; `masked` shows at most its first four characters. */
export interface SecretFinding {
  readonly rule: string;
  readonly masked: string;
  /** The same for the same value; not shown. */
  readonly mark?: string;
  readonly where: 'layer' | 'env' | 'label' | 'annotation' | 'config' | 'history' | 'provenance';
  readonly path?: string;
  /** The member of an archive that holds it, archives within it divided by `!/`. */
  readonly inside?: string;
  /** What the file is called holds it; it is masked in `path`. */
  readonly inName?: true;
  readonly layer?: Digest;
  readonly line?: number;
  /** Line of the Dockerfile that brought it, where that is known. */
  readonly dockerfileLine?: number;
  /** Byte of the file where it begins, instead of a line: in programs, or far into a large file. */
  readonly offset?: number;
  /** The file is gone from the final filesystem, but its layer still holds it. */
  readonly deleted?: boolean;
}

/** What looks like a secret and is set aside by a rule, which says why. */
export interface SuppressedSecret extends SecretFinding {
  readonly reason: string;
}

/** Something that the search for secrets did not read to its end. */
export interface SecretGap {
  readonly path: string;
  readonly reason: string;
}

/** Secrets of documents, and what of those was not read. */
export interface FoundSecrets {
  readonly findings: readonly SecretFinding[];
  readonly gaps: readonly SecretGap[];
}

export interface SecretsFact {
  readonly findings: readonly SecretFinding[];
  readonly scannedFiles: number;
  /** Published tests and documentation, by rule: counted and shown, never dropped. */
  readonly suppressed?: readonly SuppressedSecret[];
  /** What was checked only in part, or not at all: what was not found may be there. */
  readonly gaps?: readonly SecretGap[];
  /** Gaps that are not listed. */
  readonly moreGaps?: number;
  /** How many contents are packed in a way that is not opened, by that way. */
  readonly unopened?: Readonly<Record<string, number>>;
  /** Why not every layer was checked, where that is so: what was not found may be there. */
  readonly incomplete?: string;
}
