import stringWidth from 'string-width';
import { wrapWords } from '../lib/text.ts';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Characters of one column that never join another: printable ASCII, letters of Latin, dashes and
 * quotes, arrows, lines and boxes. They are most text; the tables for all others take 40 ms to
 * load.
 */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\xff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc]*$/;

/** Columns that the text takes on a terminal. */
export function textWidth(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** The text cut to `columns`, ending with `ellipsis` if cut. */
export function fitted(text: string, columns: number, ellipsis: string): string {
  if (textWidth(text) <= columns) return text;
  const room = columns - textWidth(ellipsis);
  if (room <= 0) return ellipsis.slice(0, Math.max(0, columns));
  if (NARROW.test(text)) return text.slice(0, room).trimEnd() + ellipsis;
  let kept = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += textWidth(segment);
    if (width > room) break;
    kept += segment;
  }
  return kept.trimEnd() + ellipsis;
}

export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** The text broken at spaces into lines of at most `columns`; a longer word is cut. */
export function wrapped(text: string, columns: number, ellipsis = '…'): string[] {
  return wrapWords(text, columns, textWidth).map((line) => fitted(line, columns, ellipsis));
}
