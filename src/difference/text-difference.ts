import { posix } from 'node:path';
import type { ContentDifference } from '../model/difference.ts';
import { lookup } from '../model/lookup.ts';

const KEY = /-----BEGIN [A-Z0-9. ]*(PRIVATE KEY|CERTIFICATE|PUBLIC KEY|PARAMETERS)[A-Z0-9 ]*-----/;
/** A line of ssh-keygen's NAME.pub. */
const SSH_KEY = /^(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9@.-]+) AAAA/m;
const KEY_NAMES = lookup<string>({
  'PRIVATE KEY': 'a private key',
  CERTIFICATE: 'a certificate',
  'PUBLIC KEY': 'a public key',
  PARAMETERS: 'parameters for keys',
});

/** Files that contain passwords, their hashes or tokens by their nature. */
const SECRET_FILE =
  /^(?:g?shadow-?|\.?htpasswd|\.erlang\.cookie|\.npmrc|\.netrc|\.pypirc|\.pgpass|\.env|\.env\..*|\.git-credentials|credentials|config\.json)$|secret|password|\.(?:pem|key|private)$/;
const SHADOW = /(?:^|\/)g?shadow-?$/;
/** shadow(5); by place. */
const SHADOW_FIELDS = ['name', 'password', 'day of the last change'];

/**
 * The first line that differs of two texts; undefined where they are none. Keys and certificates
 * are named, never shown, and of files that contain secrets only the line's number is shown.
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
  if (key !== null) return { format: 'key', detail: KEY_NAMES[key[1] ?? ''] ?? 'a private key' };
  if (SSH_KEY.test(before.join('\n')) && SSH_KEY.test(after.join('\n')))
    return { format: 'key', detail: 'a public key' };
  const length = Math.max(before.length, after.length);
  let at = 0;
  while (at < length && before[at] === after[at]) at += 1;
  if (isSameList([...before].sort(), [...after].sort()))
    return { format: 'text', detail: `the same lines in another order, from line ${at + 1} on` };
  if (SHADOW.test(path))
    return {
      format: 'text',
      detail: `line ${at + 1}, not shown: ${shadowFields(before, after)}`,
    };
  if (SECRET_FILE.test(posix.basename(path)))
    return { format: 'text', detail: `line ${at + 1}, not shown` };
  return {
    format: 'text',
    detail: `line ${at + 1}: ${quotedLines(before[at], after[at])}`,
  };
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8192).includes(0);
}

function lines(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('utf8').split('\n');
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

/** Which fields of its lines differ, over all lines: `password, day of the last change`. */
function shadowFields(before: readonly string[], after: readonly string[]): string {
  const fields = new Set<string>();
  for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
    const [a, b] = [before[i] ?? '', after[i] ?? ''].map((line) => line.split(':'));
    if (a === undefined || b === undefined || a[0] !== b[0]) return 'other names';
    a.forEach((value, at) => {
      if (value !== b[at]) fields.add(SHADOW_FIELDS[at] ?? 'other fields');
    });
  }
  return [...fields].join(', ');
}

const LONGEST = 80;

/** How much of a line is shown in front of what differs: as long as a date. */
const SHOWN_BEFORE = 30;

/** A piece of text as it may be shown: short, in quotes, without what may be a token. */
export function quoted(line: string | undefined): string {
  return line === undefined ? 'nothing' : shortened(withoutTokens(line));
}

/** Two lines from a word shortly before they differ: the same text before may look like a cause. */
function quotedLines(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined) return `${quoted(before)} and ${quoted(after)}`;
  // Tokens first: a piece of one does not look like one.
  const [first, second] = [withoutTokens(before), withoutTokens(after)];
  let parts = 0;
  while (parts < first.length && first[parts] === second[parts]) parts += 1;
  const word = first.indexOf(' ', Math.max(0, parts - SHOWN_BEFORE)) + 1;
  const isLater = parts > SHOWN_BEFORE && parts < first.length && word > 0 && word <= parts;
  const cut = (line: string): string => shortened(isLater ? `…${line.slice(word)}` : line);
  return `${cut(first)} and ${cut(second)}`;
}

function shortened(told: string): string {
  return JSON.stringify(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told);
}

/** What looks random may be a token: its first letters and its length are enough to find it. */
function withoutTokens(line: string): string {
  return line
    .replace(/\b[0-9a-f]{32,}\b/gi, (word) => `${word.slice(0, 8)}…(${word.length} hex digits)`)
    .replace(/(?<![\w+/-])[A-Za-z0-9][\w+/-]{23,}={0,2}(?![\w+/-])/g, (word) =>
      isRandom(word) ? `${word.slice(0, 4)}…(${word.length} letters)` : word,
    );
}

/** Letters of all three kinds, many of each: no path or name has those. */
function isRandom(word: string): boolean {
  const count = (kind: RegExp): number => word.match(kind)?.length ?? 0;
  return count(/[A-Z]/g) >= 4 && count(/[a-z]/g) >= 4 && count(/\d/g) >= 2;
}
