import { cleanText } from '../model/clean-text.ts';
import { isObject } from '../model/json-value.ts';
import { secretName } from '../model/secret-names.ts';
import { SECRET_SHAPE } from '../model/secret-shape.ts';

/** Replaces a value that must not be published. */
export const MASK = '[masked]';

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,2000}@/gi;
// Shorter values would mask innocent text wherever it repeats them.
const MIN_REPEATED = 6;
const MAX_DEPTH = 100;

/** Masks secrets in BuildKit's request and steps; knows the values of the frontend's arguments. */
export class SecretMask {
  readonly #values: readonly string[];

  /** `args` as BuildKit has them: `build-arg:NAME`, `label:NAME`, `target`. */
  constructor(args: Readonly<Record<string, string>>) {
    this.#values = Object.entries(args)
      .filter(([key]) => isSecretArgument(key))
      // What a RUN prints comes line by line.
      .flatMap(([, value]) => [value, ...value.split(/[\r\n]+/).map((line) => line.trim())])
      // What is shown was cleaned before.
      .flatMap((value) => [value, cleanText(value)])
      .filter((value) => value.length >= MIN_REPEATED)
      // Longest first, so that a value within another leaves no rest.
      .sort((a, b) => b.length - a.length);
  }

  /** The arguments: a value is masked if its name is secret, else only what looks secret in it. */
  args(args: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(args).map(([key, value]) => [
        key,
        isSecretArgument(key) && value !== '' ? MASK : this.text(value),
      ]),
    );
  }

  /** A text with secret values, secret shapes, URL credentials and secret `NAME=value` masked. */
  text(text: string): string {
    const variable = /^([A-Za-z_][A-Za-z0-9_]*)=./s.exec(text)?.[1];
    if (variable !== undefined && isMaskedName(variable)) return `${variable}=${MASK}`;
    return this.known(text.replace(URL_CREDENTIALS, `$1${MASK}@`).replace(SECRET_SHAPE, MASK));
  }

  /** A text with nothing but the values of secret arguments masked. */
  known(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
  }

  /** A copy of JSON with all texts masked, keys too; nesting deeper than 100 levels is left out. */
  json(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (depth > MAX_DEPTH) return null;
    if (Array.isArray(value)) return value.map((item) => this.json(item, depth + 1));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.json(item, depth + 1)]),
    );
  }
}

/** True for secret names, but not labels: everyone can read those, and a rebuild needs them. */
function isSecretArgument(key: string): boolean {
  if (key.startsWith('label:')) return false;
  return isMaskedName(key.slice(key.indexOf(':') + 1));
}

function isMaskedName(name: string): boolean {
  return secretName(name, 'possible') !== undefined;
}
