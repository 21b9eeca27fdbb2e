import { jsonWithoutCiCommands, withoutCiCommands } from '../lib/text.ts';
import { type Digest, digestHex } from '../model/reference.ts';

/**
 * Characters that must not get from an image to a terminal or a page. Control characters (C0, DEL,
 * C1, the escape that starts a terminal sequence). Marks that turn or hide text (format and
 * default-ignorable characters, all tags and fillers). Line and paragraph separators, half
 * surrogate pairs, noncharacters. The two selectors of emoji and text presentation stay: they only
 * change how a character is drawn.
 */
const UNSAFE =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** More stacked marks than any script needs would cover the lines above. */
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** The text on one line without CI commands, unsafe characters as U+FFFD, or `?` for ASCII only. */
export function shownText(text: string, replacement = '\ufffd'): string {
  const clean = text.replace(/\s+/g, ' ').replace(UNSAFE, replacement).replace(STACKED, '$1');
  return withoutCiCommands(clean);
}

/** Clean text of at most `longest` UTF-16 units, an ellipsis at its end where it was cut. */
export function shortened(text: string, longest: number): string {
  // Later text need not be cleaned; the extra room lets runs of white space shrink.
  const clean = shownText(text.length > longest * 4 ? text.slice(0, longest * 4) : text);
  if (clean.length <= longest && text.length <= longest * 4) return clean;
  return `${clean.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Indented JSON with a final newline; characters unsafe for a terminal are escapes. */
export function jsonText(value: object): string {
  return `${spelledOut(JSON.stringify(value, undefined, 2))}\n`;
}

export function jsonLine(value: object): string {
  return spelledOut(JSON.stringify(value));
}

/** Fast path: most of it is names and numbers. */
const PRINTABLE = /^[\n -~]*$/;

function spelledOut(json: string): string {
  const text = jsonWithoutCiCommands(json);
  if (PRINTABLE.test(text)) return text;
  return text.replace(UNSAFE, (found) => {
    // JSON's own.
    if (found === '\n') return found;
    // A character outside the first plane is two units, each an escape.
    const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Null for undefined: our schemas never leave an unknown value out. */
export function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, withNulls(one)] as const);
  return Object.fromEntries(entries);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Escaped for XML, between tags and in a double-quoted attribute (XML 1.0, 2.4). */
export function xmlText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

/** The first twelve hex digits, as in Docker. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

const LONGEST = 300;

/**
 * Text from an image as literal Markdown: never markup, a link, a table cell or HTML. An empty
 * comment stops GitHub's later linking of addresses, mentions and issue numbers, where backslashes
 * do not help.
 */
export function literal(text: string): string {
  return shortened(text, LONGEST)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~-]/g, '\\$&')
    .replace(/@|\\#(?=\d)|:(?=\/\/)|(?<=www)\./gi, '$&<!-- -->');
}

/** A code span with a fence longer than any run of backticks in it; `|` is escaped in a cell. */
export function code(text: string, place: 'text' | 'cell' = 'text'): string {
  const short = shortened(text, LONGEST);
  const clean = place === 'cell' ? short.replace(/\|/g, '\\|') : short;
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A space at either end is removed again (CommonMark 6.1), so text of backticks or spaces
  // survives.
  const pad = longest > 0 || /^ .* $/.test(clean) ? ' ' : '';
  return clean.trim() === '' ? '(empty)' : `${fence}${pad}${clean}${pad}${fence}`;
}
