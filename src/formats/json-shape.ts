import { isObject } from '../model/json-value.ts';
import { ownValue } from '../model/lookup.ts';
import { err, ok, type Result } from '../model/result.ts';

/**
 * What a Go type makes of a JSON value. A `struct` finds its fields without regard to case; a `map`
 * keeps its keys as they are; `any` is not looked into. `time` is RFC 3339, `bytes` base64, `empty`
 * a struct without fields.
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
