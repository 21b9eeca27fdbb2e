import { isObject } from '../../model/json-value.ts';

/** JSON of a Dockerfile or of the project, with no more than what rules read of it: no engine takes it. */

/** The words of an exec form; undefined for what is not an array of strings, which goes through a shell. */
export function jsonWords(text: string): readonly string[] | undefined {
  const words = text.startsWith('[') ? parsed(text) : undefined;
  if (!Array.isArray(words)) return undefined;
  return words.every((word) => typeof word === 'string') ? words : undefined;
}

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
