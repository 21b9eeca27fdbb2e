import { byNumber, epochParts } from './numbers.ts';

/** Orders two versions as dpkg does (deb-version(7)): epoch, upstream version, revision. */
export function compareDpkg(a: string, b: string): number {
  const [left, right] = [epochParts(a.trim(), 'last'), epochParts(b.trim(), 'last')];
  return (
    byNumber(left.epoch, right.epoch) ||
    compareDpkgParts(left.version, right.version) ||
    compareDpkgParts(left.release, right.release)
  );
}

/** `verrevcmp`: runs of other characters and runs of digits in turn. */
function compareDpkgParts(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while (isOther(a, i) || isOther(b, j)) {
      const order = dpkgRank(a, i) - dpkgRank(b, j);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const [left, right] = [digitsAt(a, i), digitsAt(b, j)];
    const order = byNumber(left, right);
    if (order !== 0) return order;
    i += left.length;
    j += right.length;
  }
  return 0;
}

function isOther(text: string, at: number): boolean {
  return at < text.length && !isDigit(text.charCodeAt(at));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A tilde before the end, the end before letters, letters before all else. */
function dpkgRank(text: string, at: number): number {
  if (at >= text.length) return 0;
  const code = text.charCodeAt(at);
  if (isDigit(code)) return 0;
  if (code === 0x7e) return -1;
  return /[a-z]/i.test(text.charAt(at)) ? code : code + 256;
}

function digitsAt(text: string, from: number): string {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(from, end);
}
