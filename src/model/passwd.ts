import { ownValue } from './lookup.ts';

/** What Go takes for space around a line. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, 'g');
const LARGEST = 2n ** 63n - 1n;
/** The kernel's uids are 32 bit; run-times take 31. */
const LARGEST_UID = 2_147_483_647;

/**
 * Names to uids from etc/passwd, as engines read it (moby/sys/user, not passwd(5)): space around a
 * line does not count, `#` is part of a name, a uid that is missing or not a number is 0, and of a
 * number the lower 32 bits count. The first line of a name decides. Names that are not UTF-8 are
 * left out: engines compare bytes, and a text of which bytes became U+FFFD is not what they
 * compare.
 */
export function parsePasswd(text: string): Readonly<Record<string, number>> {
  const users = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.replace(AROUND, '').split(':');
    if (name !== '' && !name.includes('\ufffd') && !users.has(name)) users.set(name, parseUid(uid));
  }
  return Object.fromEntries(users);
}

function parseUid(text: string): number {
  const value = wholeNumber(text);
  if (value === undefined) return 0;
  const held = value > LARGEST ? LARGEST : value < -LARGEST - 1n ? -LARGEST - 1n : value;
  return Number(BigInt.asUintN(32, held));
}

/** A decimal number as engines read it (Go's Atoi): with or without a sign, nothing else. */
function wholeNumber(text: string): bigint | undefined {
  return /^[+-]?\d{1,4096}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
}

/** The uid that a container starts with, or why an engine does not start it. */
export type RunsAs =
  | { readonly kind: 'uid'; readonly uid: number; readonly by: 'default' | 'number' | 'name' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing'; readonly name: string };

/**
 * Who a USER is, a group behind it left out: a number of 64 bits is a uid, whatever names
 * etc/passwd has, all else is a name. Uids over 31 bits and below 0 are refused, names without a
 * line are missing.
 */
export function runsAs(user: string, passwd: Readonly<Record<string, number>> = {}): RunsAs {
  const name = user.split(':')[0] ?? '';
  if (name === '') return { kind: 'uid', uid: 0, by: 'default' };
  const number = wholeNumber(name);
  const isUid = number !== undefined && number <= LARGEST && number >= -LARGEST - 1n;
  const uid = isUid ? Number(number) : ownValue(passwd, name);
  if (uid === undefined) return { kind: 'missing', name };
  if (uid > LARGEST_UID || uid < 0) {
    const reason = isUid ? `${name} is not a valid uid` : `${name} does not have a valid uid`;
    return { kind: 'refused', reason };
  }
  return { kind: 'uid', uid, by: isUid ? 'number' : 'name' };
}
