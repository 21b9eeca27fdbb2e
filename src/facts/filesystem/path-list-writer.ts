import type { FileAttributes } from '../layer-facts.ts';
import { digitAt, type ListedPath } from './path-list.ts';

/** Lines joined at once: a million strings of one line would take five times their text. */
const BLOCK_LINES = 4096;
/** Attributes that lines may refer to; they begin again after so many. */
const MOST_ATTRIBUTES = 4096;

/** What is known of a place besides its path. */
export interface Known {
  readonly attributes?: FileAttributes | undefined;
  /** Of links: the target, or the path of what a hard link shares its content with. */
  readonly link?: string | undefined;
}

/** Equal for attributes that say the same. */
export function attributesKey(attributes: FileAttributes): string {
  const { mode, uid, gid, executable, multicall, shell, capabilities, text, unread } = attributes;
  // What may hold anything comes last.
  const known = `${executable ?? ''} ${multicall ?? ''} ${shell ?? ''} ${unread ?? ''} ${capabilities?.join(' ') ?? ''}`;
  return `${mode} ${uid} ${gid} ${known}\0${text ?? '\0'}`;
}

/**
 * Writes paths into one string: a line each of kind, the number of characters it shares with the
 * line before (base 36), size (base 36), number of its attributes (base 36, none where no more is
 * known) and the rest of the path; a line end in a path is written as NUL, which no path holds.
 * Between them stand lines that tell of those that follow: `A` the next number's attributes as
 * JSON, `Z` that numbers begin again, `>` the link's length (base 36) and text, `)` the same for
 * one with line ends in it.
 */
export class PathListWriter {
  readonly #blocks: string[] = [];
  #lines: string[] = [];
  #last = '';
  #link: string | undefined;
  readonly #numbers = new Map<string, number>();

  add({ kind, size, path }: ListedPath, { attributes, link }: Known = {}): void {
    if (link !== undefined && link !== this.#link) this.#addLink(link);
    const number = attributes === undefined ? '' : base36(this.#numberOf(attributes));
    const limit = Math.min(path.length, this.#last.length);
    let shared = 0;
    while (shared < limit && path.charCodeAt(shared) === this.#last.charCodeAt(shared)) shared += 1;
    const rest = withoutLineEnds(path.slice(shared));
    const bytes = size === 0 ? '' : base36(size);
    this.#push(`${kind}${base36(shared)} ${bytes} ${number} ${rest}`);
    this.#last = path;
  }

  finish(): string {
    if (this.#lines.length > 0) this.#blocks.push(this.#lines.join('\n'));
    this.#lines = [];
    return this.#blocks.join('\n');
  }

  #push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length < BLOCK_LINES) return;
    this.#blocks.push(this.#lines.join('\n'));
    this.#lines = [];
  }

  #addLink(link: string): void {
    this.#link = link;
    const mark = link.includes('\n') ? ')' : '>';
    this.#push(`${mark}${base36(link.length)} ${withoutLineEnds(link)}`);
  }

  #numberOf(attributes: FileAttributes): number {
    const key = attributesKey(attributes);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#numbers.size >= MOST_ATTRIBUTES) {
      this.#numbers.clear();
      this.#push('Z');
    }
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    this.#push(`A${JSON.stringify(attributes)}`);
    return number;
  }
}

/** Numbers of two digits, without zeros in front. */
const TWO_DIGITS = Array.from({ length: 36 * 36 }, (_, number) => number.toString(36));

/** As `toString(36)`, which takes a fifth of a microsecond each time. */
function base36(number: number): string {
  const low = number % TWO_DIGITS.length;
  if (number === low) return TWO_DIGITS[number] ?? '';
  const zero = low < 36 ? '0' : '';
  return `${base36((number - low) / TWO_DIGITS.length)}${zero}${TWO_DIGITS[low] ?? ''}`;
}

/** The attributes that a list tells at a place. */
export function attributesAt(text: string, at: number): FileAttributes {
  const end = text.indexOf('\n', at);
  return JSON.parse(text.slice(at + 1, end < 0 ? text.length : end)) as FileAttributes;
}

/** The link at a place in a list. Reads it without a search: links of 4 KB may be read often. */
export function linkAt(text: string, at: number): string {
  let start = at + 1;
  let length = 0;
  for (let digit = digitAt(text, start); digit >= 0; digit = digitAt(text, ++start))
    length = length * 36 + digit;
  const link = text.slice(start + 1, start + 1 + length);
  return text.charAt(at) === ')' ? link.replaceAll('\0', '\n') : link;
}

function withoutLineEnds(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\0') : text;
}
