/** Words that one word may become; one that would become more is left as it is. */
export const MAX_WORDS = 64;
const MAX_NESTING = 8;

/** Pieces between the commas of a text that stand in no inner braces. */
function alternatives(text: string): readonly string[] {
  const found: string[] = [];
  let piece = '';
  let depth = 0;
  for (const c of text) {
    if (c === '{') depth += 1;
    if (c === '}') depth -= 1;
    if (c === ',' && depth === 0) {
      found.push(piece);
      piece = '';
    } else piece += c;
  }
  return [...found, piece];
}

function sequence(text: string): readonly string[] | undefined {
  const found = /^(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?$/.exec(text);
  if (found === null) return undefined;
  const [, first = '', last = '', by = '1'] = found;
  const isNumber = /\d/.test(first);
  if (isNumber !== /\d/.test(last)) return undefined;
  const from = isNumber ? Number(first) : first.charCodeAt(0);
  const to = isNumber ? Number(last) : last.charCodeAt(0);
  const step = Math.max(1, Math.abs(Number(by)));
  const count = Math.floor(Math.abs(to - from) / step) + 1;
  if (count > MAX_WORDS) return undefined;
  const width = [first, last].some((n) => /^-?0\d/.test(n))
    ? Math.max(first.length, last.length)
    : 0;
  return Array.from({ length: count }, (_, at) => {
    const value = from + (to < from ? -at : at) * step;
    return isNumber ? String(value).padStart(width, '0') : String.fromCharCode(value);
  });
}

/** Offset of the brace that closes the one at `open`, or -1. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text.charAt(at) === '{') depth += 1;
    if (text.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/**
 * What bash makes of text with braces (`{a,b{c,d}}`, `{1..3}`), in its order; undefined where that
 * is more than `MAX_WORDS`, or where an escape decides what a brace means.
 */
export function expandBraces(text: string, depth = 0): readonly string[] | undefined {
  if (text.includes('\\') || depth > MAX_NESTING) return undefined;
  const open = text.indexOf('{');
  const close = open < 0 ? -1 : closing(text, open);
  if (close < 0) return [text];
  const inside = text.slice(open + 1, close);
  const pieces = alternatives(inside);
  const several = pieces.length > 1 ? pieces : sequence(inside);
  const rest = expandBraces(text.slice(close + 1), depth + 1);
  const inner = (several ?? [`{${inside}}`]).map((piece) =>
    several === undefined ? [piece] : expandBraces(piece, depth + 1),
  );
  if (rest === undefined || inner.some((one) => one === undefined)) return undefined;
  const found = inner.flatMap((one) => one ?? []);
  if (found.length * rest.length > MAX_WORDS) return undefined;
  return found.flatMap((one) => rest.map((end) => text.slice(0, open) + one + end));
}
