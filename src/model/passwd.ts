/** What Go takes for space around a line. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, 'g');
const LARGEST = 2n ** 63n - 1n;

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
  if (!/^[+-]?\d{1,4096}$/.test(text)) return 0;
  const value = BigInt(text.replace(/^\+/, ''));
  const held = value > LARGEST ? LARGEST : value < -LARGEST - 1n ? -LARGEST - 1n : value;
  return Number(BigInt.asUintN(32, held));
}
