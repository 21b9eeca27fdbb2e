import { shortened } from '../clean-text.ts';

const LONGEST = 300;

/**
 * Text from an image as literal Markdown: no markup, link, table cell or HTML comes out of it. An
 * empty comment breaks what GitHub would link after the Markdown is read, where no backslash helps:
 * addresses, mentions, and issue numbers.
 */
export function literal(text: string): string {
  return shortened(text, LONGEST)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~-]/g, '\\$&')
    .replace(/@|\\#(?=\d)|:(?=\/\/)|(?<=www)\./gi, '$&<!-- -->');
}

/** A code span with a fence longer than any run of backticks in it; in a cell, `|` is escaped. */
export function code(text: string, place: 'text' | 'cell' = 'text'): string {
  const short = shortened(text, LONGEST);
  const clean = place === 'cell' ? short.replace(/\|/g, '\\|') : short;
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A space at either end is taken off again (CommonMark 6.1), so that text of backticks or spaces
  // stays as it is.
  const pad = longest > 0 || /^ .* $/.test(clean) ? ' ' : '';
  return clean.trim() === '' ? '(empty)' : `${fence}${pad}${clean}${pad}${fence}`;
}
