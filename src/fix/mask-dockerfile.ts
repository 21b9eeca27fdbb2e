import { dockerfileSecretValues } from '../facts/secrets/document-secrets.ts';
import { secretName } from '../model/secret-names.ts';
import { MASK, SecretMask } from '../trust/provenance.ts';

/** `NAME=value` of a Dockerfile or shell, `--password=value` too. Open quotes run to the end. */
const ASSIGNED =
  /\b([A-Za-z_][\w.-]{0,100})=("(?:[^"\\]|\\[^])*(?:"|$)|'[^']*(?:'|$)|[^\s;&|"']+)/g;
/** `ENV NAME the rest of the line`. */
const OLD_ENV = /^([ \t]*ENV[ \t]+([A-Za-z_]\w{0,100})[ \t]+)([^\s=][^\r\n]*)/gim;
/** A variable's or a file's name says nothing. */
const HARMLESS = /^(["']?)(?:[$/]|\1$)/;

/**
 * A Dockerfile with masked secrets: values of variables with secret names, and what looks secret.
 * Lines stay where they are, except in private keys.
 */
export function maskDockerfile(text: string): string {
  const named = text
    .replace(OLD_ENV, (all, start: string, name: string, value: string) =>
      isKept(name, value) ? all : `${start}${MASK}`,
    )
    .replace(ASSIGNED, (all, name: string, value: string) =>
      isKept(name, value) ? all : `${name}=${MASK}`,
    );
  const values = dockerfileSecretValues(text);
  if (values.length > MOST_VALUES) return text.replace(/[^\r\n]+/g, MASK);
  const rest = values.reduce(withoutValue, named);
  return new SecretMask({}).text(rest);
}

/** Signs that a shell allows between a value's letters: quotes, backslashes, escaped line ends. */
const BETWEEN = String.raw`(?:["'\\]|\\\r?\n[ \t]{0,99}){0,9}`;
const LONGEST_WORD = 200;
/** Most values searched for in the text; with more, nothing of it is shown. */
const MOST_VALUES = 200;
/** Shorter values match anywhere. */
const LEAST_LETTERS = 4;

function withoutValue(text: string, value: string): string {
  const whole = text.replaceAll(value, MASK);
  if (whole !== text || value.length > LONGEST_WORD) return whole;
  // Its own quotes are among what may stand between.
  const letters = Array.from(value.replace(/["'\\]/g, ''));
  if (letters.length < LEAST_LETTERS) return whole;
  const pattern = letters.map((letter) => letter.replace(/[^A-Za-z0-9]/, String.raw`\$&`));
  return text.replace(
    new RegExp(pattern.join(BETWEEN), 'g'),
    (found) => MASK + '\n'.repeat(found.split('\n').length - 1),
  );
}

function isKept(name: string, value: string): boolean {
  return secretName(name) === undefined || HARMLESS.test(value);
}
