import { isObject } from '../model/json-value.ts';
import { ownValue } from '../model/lookup.ts';
import { err, ok, type Result } from '../model/result.ts';

/**
 * What a Go type makes of a JSON value. A `struct` finds its fields without regard to case; a `map` keeps its keys as they are; `any`
 * is not looked into.
 */
export type Shape =
  | 'any'
  | 'text'
  | 'integer'
  | 'boolean'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly struct: Readonly<Record<string, Shape>> };

/**
 * The value as a reader in Go decodes it into `shape`: fields that are null are left out. The error names the field that is of another
 * type, and the key that equals a field, or another key, but for case: Go takes both for one (encoding/json, `Unmarshal`). Fields that
 * are not in the shape are kept.
 */
export function readAs(value: unknown, shape: Shape, what: string): Result<unknown> {
  try {
    return ok(decoded(value, shape, what, ''));
  } catch (error) {
    if (error instanceof Misfit) return err(error.message);
    throw error;
  }
}

/** `key` as Go compares it with names of fields, all of which are ASCII: its Unicode folding has two letters for `s` and `k` besides. */
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
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  if ('struct' in shape) checkKeys(Object.keys(value), shape.struct, what, path);
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const inner = 'map' in shape ? shape.map : fieldOf(shape.struct, key);
      return [key, decoded(item, inner, what, path === '' ? key : `${path}.${key}`)];
    }),
  );
}

const SCALARS = { any: 'a value', text: 'text', integer: 'an integer', boolean: 'true or false' };

function scalar(
  value: unknown,
  shape: Extract<Shape, string>,
  what: string,
  path: string,
): unknown {
  const isFit =
    shape === 'any' ||
    (shape === 'text' && typeof value === 'string') ||
    (shape === 'integer' && Number.isSafeInteger(value)) ||
    (shape === 'boolean' && typeof value === 'boolean');
  if (!isFit) throw misfit(what, path, SCALARS[shape]);
  return value;
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
