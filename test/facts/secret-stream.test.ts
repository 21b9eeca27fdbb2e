import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScanBudget } from '../../src/facts/secrets/open-content.ts';
import {
  ContentScan,
  isBinary,
  PIECE,
  type ScanShared,
  secretsInPiece,
} from '../../src/facts/secrets/secret-collector.ts';
import { masked } from '../../src/facts/secrets/secret-value.ts';
import { mixed, pem, upper } from './secret-samples.ts';
import { file, image } from './support.ts';

const GITHUB = `ghp_${mixed(36)}`;

function newScan(): ScanShared {
  return { budget: new ScanBudget(), found: [], unopened: () => undefined };
}

/** `length` bytes of harmless lines with texts at places of it. */
function textWith(
  length: number,
  places: readonly (readonly [at: number, text: string])[],
): Buffer {
  const bytes = Buffer.alloc(length, 'all is well here\n');
  for (const [at, text] of places) bytes.write(` ${text} `, at - 1, 'latin1');
  return bytes;
}

function streamed(bytes: Uint8Array, step: number): readonly string[] {
  const shared = newScan();
  const stream = new ContentScan('srv/a', shared);
  for (let at = 0; at < bytes.length; at += step) stream.push(bytes.subarray(at, at + step));
  stream.end();
  return shared.found.map(({ rule, value, line, offset }) => {
    return `${rule} ${masked(value)} ${line === undefined ? `byte ${offset ?? ''}` : `line ${line}`}`;
  });
}

describe('a file larger than a piece', () => {
  test.each([
    PIECE - 100,
    PIECE - 20,
    PIECE - 1,
    PIECE,
    PIECE - 8 * 1024 - 20,
    PIECE - 8 * 1024,
    PIECE - 16 * 1024 - 1,
    2 * PIECE - 16 * 1024 - 20,
    2 * PIECE - 24 * 1024 - 20,
    3 * PIECE - 60,
  ])('a token at byte %i is found once', (at) => {
    const found = streamed(textWith(3 * PIECE, [[at, GITHUB]]), 65_536);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^github-token ghp_\*\*\* /);
  });

  test('lines are told in the first piece, bytes behind it', () => {
    const bytes = textWith(2 * PIECE, [
      [100, GITHUB],
      [PIECE + 5000, pem('RSA ')],
    ]);
    expect(streamed(bytes, 4096)).toEqual([
      'github-token ghp_*** line 6',
      `private-key Ab3d*** byte ${PIECE + 5000 + '-----BEGIN RSA '.length}`,
    ]);
  });

  test('however the bytes are cut, the same is found', () => {
    const place = fc.integer({ min: 1, max: 2 * PIECE });
    const secret = fc.constantFrom(GITHUB, `AKIA${upper(16)}`, pem(''), `npm_${mixed(36)}`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, secret), { maxLength: 5 }),
        fc.integer({ min: 1000, max: 3 * PIECE }),
        (places, step) => {
          const bytes = textWith(2 * PIECE + 5000, places);
          expect(streamed(bytes, step)).toEqual(streamed(bytes, bytes.length));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('in UTF-16, across the border of two pieces', () => {
    const wide = Buffer.from(
      textWith(PIECE, [[PIECE / 2 - 20, GITHUB]]).toString('latin1'),
      'utf16le',
    );
    expect(streamed(wide, 70_000)).toEqual([`github-token ghp_*** byte ${PIECE - 40}`]);
  });

  test('through the collector', () => {
    const { secrets } = image([file('var/big.sql', textWith(5 * PIECE, [[4 * PIECE, GITHUB]]))]);
    expect(secrets).toMatchObject({
      findings: [{ rule: 'github-token', path: 'var/big.sql', offset: 4 * PIECE }],
      scannedFiles: 1,
      gaps: [],
    });
  });
});

test.each<[string, boolean, Buffer]>([
  ['text', false, Buffer.from('plain text, long enough')],
  ['a NUL in it', true, Buffer.from('a\0b and some more bytes')],
  ['nothing', false, Buffer.alloc(0)],
])('%s: binary is %s', (_name, binary, bytes) => {
  expect(isBinary(bytes)).toBe(binary);
});

describe('hostile text costs no more than its share', () => {
  test.each([
    ['one keyword', 'ghp_'],
    ['keywords that are nearly it', `AKIA${upper(15)}_`],
    ['starts of tokens', 'ops_eyJ'],
    ['starts of signed tokens', 'eyJ.eyJ'],
    ['starts of keys', '-----BEGIN RSA PRIVATE KEY-----\n'],
    ['starts of JSON keys', '"kty":"RSA",'],
    ['addresses', 'a://b:cdefgh'],
    ['addresses with passwords', 'a://b:c1d2e3f4@host '],
    ['a long line of one letter', 'a'],
    ['names', 'twilio mailgun telegram mailchimp '],
    ['connection strings', ';Password=Server='],
    ['headers', 'authorization: bearer '],
    ['labels of PuTTY', 'PuTTY-User-Key-File-2: x\nA: b\n'],
  ])('%s', (_name, text) => {
    const bytes = Buffer.alloc(PIECE, text);
    const budget = new ScanBudget();
    const found = secretsInPiece(bytes, false, budget);
    expect(found.length).toBeLessThanOrEqual(60);
  });
});
