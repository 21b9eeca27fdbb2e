import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentKind,
  PIECE,
  SecretStream,
  secretsInPiece,
} from '../../../src/facts/secrets/secret-stream.ts';
import { ScanBudget } from '../../../src/facts/secrets/secret-text.ts';
import { file, image } from '../support.ts';
import { mixed, pem, upper } from './secret-samples.ts';

const GITHUB = `ghp_${mixed(36)}`;

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
  const stream = new SecretStream(new ScanBudget());
  for (let at = 0; at < bytes.length; at += step) stream.push(bytes.subarray(at, at + step));
  return stream
    .end()
    .map((s) => `${s.rule} ${s.masked} ${'line' in s ? `line ${s.line}` : `byte ${s.offset}`}`);
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

  test('one after the other, nothing of the one is left for the next', () => {
    const stream = new SecretStream(new ScanBudget());
    stream.push(Buffer.concat([Buffer.alloc(PIECE), Buffer.from(GITHUB)]));
    expect(stream.end()).toMatchObject([{ rule: 'github-token', offset: PIECE }]);
    stream.push(Buffer.from(`x ${GITHUB}`));
    expect(stream.end()).toMatchObject([{ rule: 'github-token', line: 1 }]);
    expect(stream.end()).toEqual([]);
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
      partlyReadFiles: 0,
    });
  });
});

test.each<[string, Buffer]>([
  ['text', Buffer.from('plain text, long enough')],
  ['binary', Buffer.from('a\0b and some more bytes')],
  ['packed', Buffer.from('504b0304', 'hex')],
  ['packed', Buffer.from('1f8b08', 'hex')],
  ['utf16le', Buffer.from('a plain text', 'utf16le')],
  ['utf16be', Buffer.from('a plain text', 'utf16le').swap16()],
  ['utf16le', Buffer.from('fffe4000', 'hex')],
  ['text', Buffer.alloc(0)],
])('%s is told by its beginning', (kind, bytes) => {
  expect(contentKind(bytes)).toBe(kind);
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
    const found = secretsInPiece(bytes, budget);
    expect(found.length).toBeLessThanOrEqual(60);
  });
});
