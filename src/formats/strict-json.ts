import { err, ok, type Result } from '../model/result.ts';

/** Deeper than any document for people or tools; later code may walk one by recursion. */
const MAX_DEPTH = 200;
/** An escape of half a surrogate pair, or of a whole one. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LONE = /\p{Surrogate}/u;

/**
 * The value of a JSON document from outside, where every reader sees the same one; `what` names the
 * document in the error. Go's encoding/json, which engines read with, merges a key that is repeated
 * or takes the last one, and puts U+FFFD for bytes that are not UTF-8 and for half surrogate pairs:
 * each of these is an error here (RFC 8259, sections 4 and 8). So are a byte order mark, more than
 * `maxBytes` bytes, nesting of more than 200, and with `as Go` whole numbers with a fraction or an
 * exponent, which no integer of Go takes. Which keys of a known document differ by case alone is
 * told by `readAs`.
 */
export function parseStrictJson(
  document: Uint8Array | string,
  what: string,
  maxBytes: number,
  numbers: 'any' | 'as Go' = 'any',
): Result<unknown> {
  if (document.length > maxBytes) return err(`${what} is larger than ${maxBytes} bytes`);
  const text = textOf(document);
  if (text === undefined) return err(`${what} is not JSON: it is not UTF-8`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(`${what} is not JSON`);
  }
  const defect = new Scan(text, numbers === 'as Go').defect();
  return defect === undefined ? ok(value) : err(`${what} ${defect}`);
}

function textOf(document: Uint8Array | string): string | undefined {
  if (typeof document === 'string') return LONE.test(document) ? undefined : document;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(document);
  } catch {
    return undefined;
  }
}

/** An object or list that is open; `keys` are an object's so far, `key` the last of them. */
interface Open {
  readonly keys: Set<string> | undefined;
  key: string;
}

/** Goes through the text of a well-formed document and finds what JSON.parse lets pass. */
class Scan {
  readonly #text: string;
  readonly #open: Open[] = [];
  readonly #hasIntegers: boolean;
  #at = 0;

  constructor(text: string, hasIntegers: boolean) {
    this.#text = text;
    this.#hasIntegers = hasIntegers;
  }

  defect(): string | undefined {
    let isKey = false;
    for (; this.#at < this.#text.length; this.#at += 1)
      switch (this.#text.charCodeAt(this.#at)) {
        case 0x22: {
          const found = this.#string(isKey);
          if (found !== undefined) return found;
          isKey = false;
          break;
        }
        case 0x7b: // {
        case 0x5b: {
          isKey = this.#text.charCodeAt(this.#at) === 0x7b;
          this.#open.push({ keys: isKey ? new Set() : undefined, key: '' });
          if (this.#open.length > MAX_DEPTH) return 'is nested too deep';
          break;
        }
        case 0x7d: // }
        case 0x5d:
          this.#open.pop();
          isKey = false;
          break;
        case 0x2c: // ,
          isKey = this.#open.at(-1)?.keys !== undefined;
          break;
        default: {
          const odd = this.#hasIntegers ? this.#oddNumber() : undefined;
          if (odd !== undefined) return `writes the whole number ${odd} otherwise than engines do`;
        }
      }
    return undefined;
  }

  /** Passes over a string; a key is held against those before it. */
  #string(isKey: boolean): string | undefined {
    const start = this.#at;
    do this.#at = this.#text.indexOf('"', this.#at + 1);
    while (this.#isEscaped(this.#at));
    const raw = this.#text.slice(start + 1, this.#at);
    const isPlain = !raw.includes('\\');
    if (!isPlain && SURROGATE.test(raw) && LONE.test(unescaped(raw)))
      return 'contains half a surrogate pair, which readers replace';
    const { keys } = this.#open.at(-1) ?? {};
    if (!isKey || keys === undefined) return undefined;
    const key = isPlain ? raw : unescaped(raw);
    if (keys.has(key)) return `has the key ${this.#path(key)} twice`;
    keys.add(key);
    for (const open of this.#open.slice(-1)) open.key = key;
    return undefined;
  }

  /** Passes over a number; gives it where it is whole, and not written so. */
  #oddNumber(): string | undefined {
    NUMBER.lastIndex = this.#at;
    const [number] = NUMBER.exec(this.#text) ?? [];
    if (number === undefined) return undefined;
    this.#at += number.length - 1;
    return /[.eE]/.test(number) && Number.isInteger(Number(number)) ? number : undefined;
  }

  #isEscaped(quote: number): boolean {
    let before = quote;
    while (this.#text.charCodeAt(before - 1) === 0x5c) before -= 1;
    return (quote - before) % 2 === 1;
  }

  #path(key: string): string {
    const above = this.#open.slice(0, -1).flatMap((open) => (open.keys ? [open.key] : []));
    return JSON.stringify([...above, key].join('.').slice(0, 200));
  }
}

function unescaped(raw: string): string {
  return JSON.parse(`"${raw}"`) as string;
}
