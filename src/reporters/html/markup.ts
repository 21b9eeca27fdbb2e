import { cleanText, shortened } from '../clean-text.ts';

/** Markup that was made here; the only thing that enters a page unescaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Piece = Markup | string | number | undefined | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Longer text than anybody reads in a cell is cut. */
const LONGEST = 2000;

function escaped(text: string): string {
  return shortened(text, LONGEST).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function written(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Markup) return piece.toString();
  if (typeof piece === 'string') return escaped(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(written).join('');
}

const TIDIED = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The template without its source's indentation, cached: a row may be written 10,000 times. */
function tidied(strings: TemplateStringsArray): readonly string[] {
  const there = TIDIED.get(strings);
  if (there !== undefined) return there;
  const tidy = strings.map((text) => text.replace(/(?<!\s)\s*\n\s*/g, '\n'));
  TIDIED.set(strings, tidy);
  return tidy;
}

/** Cleans, cuts and escapes values: nothing from an image is markup. Undefined writes nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  const text = tidied(strings).map((string, index) => string + written(values[index]));
  return new Markup(text.join(''));
}

/** Lines to copy: the one place where white space stays. */
export function codeBlock(text: string): Markup {
  const lines = text
    .split(/\r?\n/)
    .slice(0, 100)
    .map((line) => `${/^ {0,40}/.exec(line)?.[0] ?? ''}${escaped(line.trim())}`);
  return new Markup(`<pre><code>${lines.join('\n')}</code></pre>`);
}

/** Text as the value of an `id` and of links to it: letters, digits and hyphens. */
export function slug(...parts: readonly string[]): string {
  return parts
    .map((part) => cleanText(part, '').replace(/[^A-Za-z0-9]+/g, '-'))
    .join('-')
    .slice(0, 120);
}
