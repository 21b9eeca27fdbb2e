const LONGEST = 80;

/** A piece of text as it may be shown: short, in quotes, without what may be a token. */
export function quoted(line: string | undefined): string {
  if (line === undefined) return 'nothing';
  const told = withoutTokens(line);
  return JSON.stringify(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told);
}

/** What looks drawn at random may be a token: its first letters and its length are enough to find it. */
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
