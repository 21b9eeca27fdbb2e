import { err, ok, type Result } from '../../lib/errors.ts';
import { isObject, ownValue } from '../../lib/json.ts';

/** Deeper than any document for people or tools; later code may walk one by recursion. */
const MAX_DEPTH = 200;
/** An escape of half a surrogate pair, or of a whole one. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LONE = /\p{Surrogate}/u;

/**
 * Parses a JSON document from outside that every reader understands in the same way. `what` names
 * the document in errors. Go's encoding/json, which engines use, merges a repeated key or takes the
 * last one. It puts U+FFFD for bytes that are not UTF-8 and for half surrogate pairs. All of these
 * are errors here (RFC 8259, sections 4 and 8). So are a byte order mark, more than `maxBytes`
 * bytes and nesting of more than 200. With `as Go`, whole numbers with a fraction or an exponent
 * are errors too, since Go does not read them as integers. `readAs` finds keys that differ by case
 * alone.
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

  /** Skips a string; a key is compared with those before it. */
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

/**
 * How Go decodes a JSON value. A `struct` matches its fields without regard to case. A `map` keeps
 * its keys as they are. `any` is not checked. `time` is RFC 3339, `bytes` base64, `empty` a struct
 * without fields.
 */
export type Shape =
  | 'any'
  | 'text'
  | 'time'
  | 'bytes'
  | 'integer'
  | 'boolean'
  | 'empty'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly struct: Readonly<Record<string, Shape>> };

/**
 * The value as a reader in Go decodes it into `shape`: fields that are null are left out, and a
 * null in a map is a zero value. The error names the field that is of another type, and the key
 * that equals a field, or another key, but for case: Go takes both for one (encoding/json,
 * `Unmarshal`). Fields that are not in the shape are kept.
 */
export function readAs(value: unknown, shape: Shape, what: string): Result<unknown> {
  try {
    return ok(decoded(value, shape, what, ''));
  } catch (error) {
    if (error instanceof Misfit) return err(error.message);
    throw error;
  }
}

/** `key` as Go compares it with ASCII field names: folding adds a letter each to `s` and `k`. */
export function foldedKey(key: string): string {
  return key.replaceAll('\u017f', 's').toLowerCase();
}

class Misfit extends Error {}

function decoded(value: unknown, shape: Shape, what: string, path: string): unknown {
  if (typeof shape === 'string') return scalar(value, shape, what, path);
  if ('list' in shape) {
    if (!Array.isArray(value)) throw misfit(what, path, 'a list');
    return value.map((item, at) => decoded(item, shape.list, what, `${path}[${at}]`));
  }
  if (!isObject(value)) throw misfit(what, path, 'an object');
  if ('struct' in shape) checkKeys(Object.keys(value), shape.struct, what, path);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const inner = 'map' in shape ? shape.map : fieldOf(shape.struct, key);
      const given = item === null && 'map' in shape ? zeroOf(inner) : item;
      if (given === null) return [];
      return [[key, decoded(given, inner, what, path === '' ? key : `${path}.${key}`)]];
    }),
  );
}

const SCALARS = {
  any: 'a value',
  text: 'text',
  time: 'a time (RFC 3339)',
  bytes: 'base64',
  integer: 'an integer',
  boolean: 'true or false',
  empty: 'an object',
};

const ZEROS = { any: null, text: '', time: null, bytes: '', integer: 0, boolean: false, empty: {} };

function zeroOf(shape: Shape): unknown {
  if (typeof shape === 'string') return ZEROS[shape];
  return 'list' in shape ? [] : {};
}

const FITS: Readonly<Record<Extract<Shape, string>, (value: unknown) => boolean>> = {
  any: () => true,
  text: (value) => typeof value === 'string',
  time: (value) => typeof value === 'string' && isTime(value),
  bytes: (value) => typeof value === 'string' && BASE64.test(value.replace(/[\r\n]/g, '')),
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
  empty: isObject,
};

/** Without line ends, which Go passes over. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TIME =
  /^(\d{4})-(0[1-9]|1[0-2])-(\d\d)T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)$/;

function isTime(text: string): boolean {
  const [, year, month, day] = (TIME.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  // Years below 100 are of the last century to Date.UTC; four hundred years on has the same days.
  return day >= 1 && day <= new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}

function scalar(
  value: unknown,
  shape: Extract<Shape, string>,
  what: string,
  path: string,
): unknown {
  if (!FITS[shape](value)) throw misfit(what, path, SCALARS[shape]);
  return shape === 'empty' ? {} : value;
}

function fieldOf(fields: Readonly<Record<string, Shape>>, key: string): Shape {
  return ownValue(fields, key) ?? 'any';
}

function checkKeys(keys: readonly string[], fields: object, what: string, path: string): void {
  const taken = new Map(Object.keys(fields).map((name) => [foldedKey(name), name]));
  for (const key of keys) {
    const folded = foldedKey(key);
    const name = taken.get(folded) ?? key;
    if (name !== key)
      throw new Misfit(
        `${what} has the key ${shown(path, key)}, which engines take for ${shown(path, name)}`,
      );
    taken.set(folded, key);
  }
}

function misfit(what: string, path: string, wanted: string): Misfit {
  return new Misfit(
    path === '' ? `${what} is not ${wanted}` : `${what}: ${path.slice(0, 200)} is not ${wanted}`,
  );
}

function shown(path: string, key: string): string {
  return JSON.stringify((path === '' ? key : `${path}.${key}`).slice(0, 200));
}
