import { ownValue } from './lookup.ts';

/** An object of JSON that somebody else wrote: each field may be anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one where it is none. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** A field of a value that may not even be an object; undefined where it has no such field of its own. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) ? ownValue(value, name) : undefined;
}
