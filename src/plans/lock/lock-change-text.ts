import { oneLine } from '../../model/clean-text.ts';
import type { LockChange, LockSubject } from '../../model/lock.ts';
import { quantity } from '../../model/quantity.ts';

const NOUN: Readonly<Record<LockSubject, string>> = {
  image: 'image',
  epoch: 'epoch',
  start: 'time of RUNs',
  normaliser: 'normalizer rules',
  snapshot: 'snapshot of',
  remote: 'remote',
  package: 'package',
  fetch: 'fetch',
  target: 'target',
  dockerfile: 'Dockerfile',
  platform: 'platform',
};

/** Lines of drift or changes that are shown; the rest is counted. */
const MOST_LINES = 1000;

/** A change on a line: `package deb curl (linux/amd64): 8.1 → 8.2`. Without control characters. */
export function changeText(change: LockChange): string {
  const { subject, name, platform, before, after, fixes = [] } = change;
  const named = [NOUN[subject], name].filter((part) => part !== '').join(' ');
  const where = platform === undefined ? '' : ` (${platform})`;
  const fixed = fixes.length === 0 ? '' : `, fixes ${fixes.join(', ')}`;
  return oneLine(`${named}${where}: ${arrow(before, after)}${fixed}`);
}

/** All changes, a line each. */
export function changeLines(changes: readonly LockChange[]): readonly string[] {
  const shown = changes.slice(0, MOST_LINES).map(changeText);
  const left = changes.length - shown.length;
  return left > 0 ? [...shown, `and ${left} more`] : shown;
}

/** What `scoville lock` prints. Ends with a line end. */
export function updateSummary(
  file: string,
  changes: readonly LockChange[] | undefined,
  totals: { readonly images: number; readonly packages: number },
): string {
  const holds = `${quantity(totals.images, 'image')}, ${quantity(totals.packages, 'package')}`;
  const path = oneLine(file);
  if (changes === undefined) return `${path}: written; ${holds}\n`;
  if (changes.length === 0) return `${path}: unchanged; ${holds}\n`;
  const lines = changeLines(changes).map((line) => `  ${line}\n`);
  return `${path}: ${quantity(changes.length, 'change')}; ${holds}\n${lines.join('')}`;
}

function arrow(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `new, ${after ?? ''}`;
  return after === undefined ? `gone, was ${before}` : `${before} → ${after}`;
}
