import { parseShell } from './parse-shell.ts';
import type { Script, Span, Word } from './syntax-tree.ts';

/** Characters that a word stands for, each with the stretch of the script that it was read from. */
interface Letters {
  text: string;
  readonly places: Span[];
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function add(letters: Letters, text: string, start: number, length: number): void {
  letters.text += text;
  for (let at = 0; at < text.length; at += 1) letters.places.push({ start, end: start + length });
}

/** A string of a JSON array, which parses. */
function jsonLetters({ text, start }: Word): Letters {
  const letters: Letters = { text: '', places: [] };
  for (const { 0: raw, index } of text.slice(1, -1).matchAll(/\\(?:u[\dA-Fa-f]{4}|.)|[^\\]/gs)) {
    const own = raw.slice(1);
    const escaped =
      own.length > 1
        ? String.fromCharCode(Number.parseInt(own.slice(1), 16))
        : (JSON_ESCAPES[own] ?? own);
    add(letters, raw.startsWith('\\') ? escaped : raw, start + 1 + index, raw.length);
  }
  return letters;
}

/** A word of a shell without its quotes. What is expanded stays as it is written. */
function shellLetters({ text, start }: Word): Letters {
  const letters: Letters = { text: '', places: [] };
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    const hides = quote === '' || (quote === '"' && /["\\$`\n]/.test(next));
    if (c === '\\' && next !== '' && hides) {
      add(letters, next === '\n' ? '' : next, start + at, 2);
      at += 1;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else add(letters, c, start + at, 1);
  }
  return letters;
}

/**
 * The shell script that a word of another script, or a string of an exec form, holds: `sh -c
 * 'TEXT'`. Places in it lead to where it stands. Undefined for what no parser accepts, and for
 * `$'TEXT'`.
 */
export function scriptInWord(outer: Script, word: Word, isJson: boolean): Script | undefined {
  if (!isJson && word.text.includes("$'")) return undefined;
  const { text, places } = isJson ? jsonLetters(word) : shellLetters(word);
  const end = places.at(-1)?.end ?? word.start;
  return scriptAt(outer, text, (from, to) => {
    const start = places[from]?.start ?? end;
    return { start, end: to > from ? (places[to - 1]?.end ?? end) : start };
  });
}

/** The script in a here-document; undefined if a backslash hides part or it cannot be parsed. */
export function scriptInDocument(outer: Script, { text, parts, start }: Word): Script | undefined {
  const isPlain = parts.every((part) => part.kind === 'literal' && text.includes(part.value));
  if (!isPlain && text.includes('\\')) return undefined;
  return scriptAt(outer, text, (from, to) => ({ start: start + from, end: start + to }));
}

function scriptAt(
  outer: Script,
  text: string,
  placeOf: (from: number, to: number) => Span,
): Script | undefined {
  const list = parseShell(text);
  if (!list.ok) return undefined;
  return {
    list: list.value,
    text,
    rangeOf: (from, to) => {
      const { start, end } = placeOf(from, to);
      return outer.rangeOf(start, end);
    },
  };
}
