import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that the text takes on a terminal. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** The text cut to `columns`, with `ellipsis` at its end where something was left out. */
export function fitted(text: string, columns: number, ellipsis: string): string {
  if (textWidth(text) <= columns) return text;
  const room = columns - textWidth(ellipsis);
  if (room <= 0) return ellipsis.slice(0, Math.max(0, columns));
  let kept = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += textWidth(segment);
    if (width > room) break;
    kept += segment;
  }
  return kept.trimEnd() + ellipsis;
}

/** The text filled up with spaces to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** The text broken at spaces into lines of at most `columns`; a longer word is cut. */
export function wrapped(text: string, columns: number, ellipsis = '…'): string[] {
  if (text === '') return [];
  return wrapAnsi(text, columns, { trim: true })
    .split('\n')
    .map((line) => fitted(line, columns, ellipsis));
}
