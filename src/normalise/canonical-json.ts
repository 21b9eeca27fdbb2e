import { isObject, type JsonObject } from '../model/json-value.ts';

/** JSON without white space and with the keys of objects in the order of their code units: equal values, equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isObject(part) ? sorted(part) : part));
}

function sorted(value: JsonObject): Record<string, unknown> {
  // No prototype: a label may be named `__proto__`.
  const out = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) out[key] = value[key];
  return out;
}
