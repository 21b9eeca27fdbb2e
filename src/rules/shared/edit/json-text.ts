import { isObject } from '../../../model/json-value.ts';

/** JSON of the project, with no more than what rules read of it: no engine takes it. */

/** The fields of an object; undefined for any other text. */
export function jsonFields(
  text: string | undefined,
): Readonly<Record<string, unknown>> | undefined {
  return fieldsOf(parsed(text ?? ''));
}

/** A value as an object; undefined where it is none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
