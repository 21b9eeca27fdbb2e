import type { Severity } from '../../model/facts.ts';
import { ownValue } from '../../model/lookup.ts';

/**
 * Names in databases and distributions, in lower case. Words without a judgment (`untriaged`, `not
 * yet assigned`) are not here.
 */
const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  important: 'high',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
  minimal: 'negligible',
  negligible: 'negligible',
  unimportant: 'negligible',
  none: 'negligible',
};

/** A database's word for a severity as one of ours; `unknown` where it is another word. */
export function severityOf(word: string | undefined): Severity {
  // Debian marks urgencies that a machine guessed with asterisks.
  const plain =
    word
      ?.slice(0, 40)
      .trim()
      .toLowerCase()
      .replace(/(?<!\*)\*+$/, '') ?? '';
  return ownValue(WORDS, plain) ?? 'unknown';
}

/** A CVSS score's qualitative rating (CVSS v3.1 section 5, v4.0 section 6; the same for 2.0). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}
