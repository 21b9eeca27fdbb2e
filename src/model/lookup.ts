/**
 * A table that text from outside is looked up in. No name but its own leads anywhere: in a plain
 * object `constructor` and `__proto__` find what every object has.
 */
export function lookup<T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, table);
}

/** What a record holds under a name of its own. */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
