import type { UnpackBudget } from '../../formats/unpack-budget.ts';

/** Tries of rules, in units of about four nanoseconds: some seconds for a layer. */
const TRIES = 200_000_000;
/** More of one rule in one piece would say nothing new. */
const MAX_FINDINGS = 20;
const MAX_UNPACKED = 2 * 1024 * 1024 * 1024;
const MAX_MEMBERS = 1_000_000;
/** Bytes that base64 within texts decodes to. */
const MAX_DECODED = 1024 * 1024 * 1024;
/** Packed contents within base64: each costs what a small file does. */
const MAX_PACKED = 2_000;

/**
 * What the search of one layer or document may spend, so that hostile content does not cost more
 * than its share. Whatever is skipped since something is spent is a gap: `gaps` gives the reasons
 * since it was last asked, and a verdict without findings is then unknown.
 */
export class ScanBudget implements UnpackBudget {
  entries = MAX_MEMBERS;
  inflated = MAX_UNPACKED;
  decoded = MAX_DECODED;
  packed = MAX_PACKED;
  /** Memory for pieces, by depth: of each depth one content is read at a time. */
  readonly pieces: Uint8Array[] = [];
  #tries: number;
  #gaps = new Set<string>();

  /** `findings`: how many of one rule are listed of one piece of content. */
  readonly findings: number;

  constructor({ tries = TRIES, findings = MAX_FINDINGS } = {}) {
    this.#tries = tries;
    this.findings = findings;
  }

  /** Takes the cost of one try; false where nothing is left for it, which is a gap. */
  spend(units: number): boolean {
    this.#tries -= units;
    if (this.#tries >= 0) return true;
    this.gap('too much in it looks like the beginning of a secret');
    return false;
  }

  gap(reason: string): void {
    this.#gaps.add(reason);
  }

  gaps(): readonly string[] {
    if (this.#gaps.size === 0) return [];
    const reasons = [...this.#gaps];
    this.#gaps.clear();
    return reasons;
  }
}
