import { readFileSync } from 'node:fs';

const ROWS = readFileSync('test/dockerfile/cases/buildkit.tsv', 'utf8')
  .split('\n')
  .filter((row) => row !== '' && !row.startsWith('#'))
  .map((row) => row.split('\t'));

/** The Dockerfiles of which BuildKit says so. */
function said(word: string): readonly string[] {
  return ROWS.flatMap(([own, text = '']) => (own === word ? [JSON.parse(text) as string] : []));
}

export const ACCEPTED = said('accepted');
export const REFUSED = said('refused');
/** Refused there, and built by newer ones. */
export const NEWER = said('newer');
/** Refused for values that only the build knows. */
export const NOT_JUDGED = said('not-judged');
