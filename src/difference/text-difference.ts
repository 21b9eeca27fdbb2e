import type { ContentDifference } from '../model/difference.ts';

const LONGEST = 80;
const KEY = /-----BEGIN [A-Z0-9 ]*(PRIVATE KEY|CERTIFICATE)[A-Z0-9 ]*-----/;

/** Files that hold passwords, their hashes or tokens by their nature. */
const SECRET_FILE =
  /(?:^|\/)(?:g?shadow-?|\.npmrc|\.netrc|\.pypirc|\.pgpass|\.env(?:\..*)?|\.git-credentials|credentials|config\.json|.*\.(?:pem|key))$/;

/**
 * The first line that differs of two texts; undefined where they are none. Keys and certificates are named, never shown, and of files that
 * hold secrets only the line's number is told.
 */
export function textDifference(
  path: string,
  first: Uint8Array,
  second: Uint8Array,
): ContentDifference | undefined {
  if (!isText(first) || !isText(second)) return undefined;
  const before = lines(first);
  const after = lines(second);
  const key = KEY.exec(before.join('\n')) ?? KEY.exec(after.join('\n'));
  if (key !== null)
    return { format: 'key', detail: key[1] === 'CERTIFICATE' ? 'a certificate' : 'a private key' };
  const length = Math.max(before.length, after.length);
  let at = 0;
  while (at < length && before[at] === after[at]) at += 1;
  if (isSame([...before].sort(), [...after].sort()))
    return { format: 'text', detail: `the same lines in another order, from line ${at + 1} on` };
  if (SECRET_FILE.test(path)) return { format: 'text', detail: `line ${at + 1}, not shown` };
  return {
    format: 'text',
    detail: `line ${at + 1}: ${quoted(before[at])} and ${quoted(after[at])}`,
  };
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8192).includes(0);
}

function lines(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('utf8').split('\n');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

function quoted(line: string | undefined): string {
  if (line === undefined) return 'nothing';
  return JSON.stringify(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
}
