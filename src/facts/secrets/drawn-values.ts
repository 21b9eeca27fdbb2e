import { secretName } from '../../model/secret-names.ts';
import { isDrawn } from './secret-value.ts';

/** A piece of text that a key or a token is written as, with base64's and nanoid's letters. */
const VALUE = /[A-Za-z0-9][\w+/=~-]{3,}/g;
/** What stands before a value and names it: `"name": "`, `name = `, `<name>`. */
const NAME = /(?<![\w.-])([A-Za-z][\w.-]*)["'\]]{0,2} {0,4}(?:[:=]|=>|>) {0,4}["'([]{0,2}$/;
/** Names a thing, and is kept from nobody. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST_NAME = 80;

/**
 * The first line, from 1, on which `text` has what `other` has not and what may be a secret: a
 * value that looks drawn at random and is not a UUID, or one of any kind that is named as a secret.
 * Undefined where there is none. The two were built alike, but for the random numbers: what they
 * share is not drawn.
 */
export function drawnSecretLine(text: string, other: string): number | undefined {
  const shared = new Set(other.match(VALUE));
  for (const { 0: value, index } of text.matchAll(VALUE)) {
    if (shared.has(value)) continue;
    const name = NAME.exec(text.slice(Math.max(0, index - LONGEST_NAME), index))?.[1];
    const isNamed = name !== undefined && secretName(name, 'possible') !== undefined;
    if (isNamed || (isDrawn(value) && !UUID.test(value)))
      return text.slice(0, index).split('\n').length;
  }
  return undefined;
}
