const LONGEST = 80;

/** How much of a line is shown in front of what differs: as long as a date. */
const SHOWN_BEFORE = 30;

/** A piece of text as it may be shown: short, in quotes, without what may be a token. */
export function quoted(line: string | undefined): string {
  return line === undefined ? 'nothing' : shortened(withoutTokens(line));
}

/** Two lines from a word shortly before they differ: the same text before may look like a cause. */
export function quotedLines(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined) return `${quoted(before)} and ${quoted(after)}`;
  // Tokens first: a piece of one does not look like one.
  const [first, second] = [withoutTokens(before), withoutTokens(after)];
  let parts = 0;
  while (parts < first.length && first[parts] === second[parts]) parts += 1;
  const word = first.indexOf(' ', Math.max(0, parts - SHOWN_BEFORE)) + 1;
  const isLater = parts > SHOWN_BEFORE && parts < first.length && word > 0 && word <= parts;
  const cut = (line: string): string => shortened(isLater ? `…${line.slice(word)}` : line);
  return `${cut(first)} and ${cut(second)}`;
}

function shortened(told: string): string {
  return JSON.stringify(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told);
}

/** What looks random may be a token: its first letters and its length are enough to find it. */
function withoutTokens(line: string): string {
  return line
    .replace(/\b[0-9a-f]{32,}\b/gi, (word) => `${word.slice(0, 8)}…(${word.length} hex digits)`)
    .replace(/(?<![\w+/-])[A-Za-z0-9][\w+/-]{23,}={0,2}(?![\w+/-])/g, (word) =>
      isRandom(word) ? `${word.slice(0, 4)}…(${word.length} letters)` : word,
    );
}

/** Letters of all three kinds, many of each: no path or name has those. */
function isRandom(word: string): boolean {
  const count = (kind: RegExp): number => word.match(kind)?.length ?? 0;
  return count(/[A-Z]/g) >= 4 && count(/[a-z]/g) >= 4 && count(/\d/g) >= 2;
}
