import { describe, expect, test } from 'vitest';
import { ScanBudget } from '../../src/facts/secrets/open-content.ts';
import { ContentScan, type PlacedSecret } from '../../src/facts/secrets/secret-collector.ts';
import { SECRET_RULES } from '../../src/facts/secrets/secret-rules.ts';
import { secretsInBytes } from '../../src/facts/secrets/secret-text.ts';
import { isByChance } from '../../src/facts/secrets/secret-value.ts';
import { upper } from './secret-samples.ts';

/** Numbers below a bound that a seed repeats (mulberry32). */
function drawn(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LETTERS = `${CAPITALS}${CAPITALS.toLowerCase()}`;
const BYTES = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
/** What random data are spelled in, and how long the lines are that they are broken into. */
const SPELLINGS: readonly (readonly [name: string, letters: string, line: number])[] = [
  ['bytes', BYTES, Infinity],
  ['printable', BYTES.slice(32, 127), Infinity],
  ['hexadecimal', '0123456789abcdef', Infinity],
  ['hexadecimal in capitals', '0123456789ABCDEF', Infinity],
  ['digests', '0123456789abcdef', 40],
  ['base32', `${CAPITALS}234567`, Infinity],
  ['capitals and digits', `${CAPITALS}0123456789`, Infinity],
  ['small letters and digits', `${CAPITALS.toLowerCase()}0123456789`, Infinity],
  ['letters and digits', `${LETTERS}0123456789`, Infinity],
  ['base64', `${LETTERS}0123456789+/`, Infinity],
  ['base64 in lines', `${LETTERS}0123456789+/`, 76],
  ['base64 in shorter lines', `${LETTERS}0123456789+/`, 64],
  ['base64 for addresses', `${LETTERS}0123456789-_`, Infinity],
];

function random(letters: string, length: number, line: number, below: (n: number) => number) {
  const codes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1)
    bytes[at] = at % (line + 1) === line ? 10 : (codes[below(codes.length)] ?? 0);
  return bytes;
}

const SIZE = 440;
const TRIES = 24;

/**
 * Each keyword that comes up by chance in a gigabyte of such data, put where it would: however the
 * data go on, no rule takes it for a secret. This tells in seconds what terabytes of random data
 * would.
 */
describe.each(SPELLINGS)('in random %s', (name, letters, line) => {
  const below = drawn(name.length);
  const short = SECRET_RULES.flatMap((rule) =>
    rule.keywords
      .filter((keyword) => keyword.split('').every((letter) => letters.includes(letter)))
      .filter((keyword) => keyword.length * Math.log2(letters.length) < 30)
      .map((keyword) => ({ rule, keyword })),
  );

  test.each([true, false])('no keyword makes a secret; in a program: %s', (binary) => {
    const alarms: string[] = [];
    for (const { keyword } of short)
      for (let count = 0; count < TRIES; count += 1) {
        const bytes = random(letters, SIZE, line, below);
        const start = line === Infinity ? 180 : (line + 1) * 2;
        bytes.write(keyword, start + below(Math.min(line, 80) - keyword.length));
        for (const { rule } of secretsInBytes(bytes, binary, new ScanBudget()))
          alarms.push(`${rule} by ${keyword}`);
      }
    expect(alarms).toEqual([]);
  });

  test('nor do four megabytes of it', () => {
    const found: PlacedSecret[] = [];
    const shared = { budget: new ScanBudget(), found, unopened: () => undefined };
    const scan = new ContentScan('srv/data', shared);
    for (let count = 0; count < 4; count += 1) scan.push(random(letters, 1 << 20, line, below));
    scan.end();
    expect(found).toEqual([]);
  });
});

test.each([
  [
    'a number in hexadecimal, as the curves of elliptic cryptography have',
    'DE73530',
    'A4F483A797ABC0AB',
    'C182B324FB',
    false,
  ],
  ['a number alone', '', 'A4F483A797ABC0AB', '', false],
  ['alone', '', upper(16), '', true],
  ['amid words', 'not found', upper(16), 'unexpected', true],
  ['after a digest of small letters', '9f86d081884c7d65', upper(16), '', true],
])('ACCA and 16 capitals and digits in a program: %s', (_name, before, tail, after, counts) => {
  const bytes = Buffer.from(`\0${before}ACCA${tail}${after}\0`);
  const found = secretsInBytes(bytes, true, new ScanBudget()).map(({ rule }) => rule);
  expect(found).toEqual(counts ? ['aws-access-key-id'] : []);
});

test.each([
  'struct fw_cdev_event_iso_interrupt_mc *event;',
  'return fw_iso_context_queue_packet2(context);',
])('a name in code is not a key: %s', (code) => {
  expect(secretsInBytes(Buffer.from(code), false, new ScanBudget())).toEqual([]);
});

test.each([
  ['        private_key: PKCS7PrivateKeyTypes,', []],
  ['  accessToken: OAuth2AccessTokenResponse;', []],
  ['  private_key: PKCS7q8Zr2LmX4tV9bKw3Yh', ['assigned-secret']],
])('the type of a parameter is not its value: %s', (code, rules) => {
  const found = secretsInBytes(Buffer.from(code), false, new ScanBudget());
  expect(found.map(({ rule }) => rule)).toEqual(rules);
});

test.each([
  ['short texts of the Go compiler', '\0gc.iLLSCW8V4Q2W4V2BUHUWUVUBCTWTDVRLRSOCRLWLHLBSW\0'],
  ['a name that a bundler made', '\0const privateKey = $96695cc1b97188e1$var$messageToNative\0'],
])('nor are %s', (_name, text) => {
  expect(secretsInBytes(Buffer.from(text), true, new ScanBudget())).toEqual([]);
});

test('a mangled name is not a key, whatever its letters', () => {
  const name = '_ZN12JvmtiEnvBase16get_live_threadsEP10JavaThread6HandlePiPPS2_';
  expect(secretsInBytes(Buffer.from(`\0${name}\0`), true, new ScanBudget())).toEqual([]);
});

test('a long beginning counts, whatever is around it', () => {
  const text = `${'a9'.repeat(40)}github_pat_${'b7'.repeat(41)}`;
  expect(
    isByChance(text, { at: 80, end: text.length, keyword: 'github_pat_', isText: false }),
  ).toBe(false);
});
