/**
 * A table that text from outside is looked up in. No name but its own leads anywhere: in a plain object `constructor` and `__proto__`
 * find what every object has.
 */
export function lookup<T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, table);
}
