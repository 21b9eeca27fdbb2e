import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import {
  base64Of,
  bundleOrigin,
  certificateIdentity,
  listOf,
  parseStatement,
  parseUntrustedJson,
  subjectDigests,
  textOf,
  textsOf,
} from '../../src/trust/bundle.ts';

interface Stand {
  readonly makeFulcio: () => unknown;
  readonly leaf: (fulcio: unknown, key: Buffer, claims: Record<string, unknown>) => Buffer;
}

const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const A = digestOf('a');
const B = digestOf('b');
const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'app', digest: { sha256: digestHex(A) } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: { x: 1 },
};
const envelope = (statement: unknown, payloadType = 'application/vnd.in-toto+json'): object => ({
  payloadType,
  payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
  signatures: [{ sig: 'AA==' }],
});
const bundle = (content: object, mediaType = V03): object => ({
  mediaType,
  verificationMaterial: {},
  ...content,
});
const parse = (value: unknown): ReturnType<typeof parseStatement> =>
  parseStatement(JSON.stringify(value));

describe('values that nobody has vouched for', () => {
  test('of the wrong type read as empty', () => {
    expect([listOf({}, 5), listOf([1, 2, 3], 2)]).toEqual([[], [1, 2]]);
    expect([textOf(1), textOf('abc', 2), textOf('abc', 3)]).toEqual([undefined, undefined, 'abc']);
    expect(textsOf({ a: 'x', b: 1, c: 'y' })).toEqual({ a: 'x', c: 'y' });
    expect(textsOf({ a: 'x', b: 'y' }, 1)).toEqual({ a: 'x' });
  });

  test.each<[unknown, string | undefined]>([
    ['aGVsbG8=', 'hello'],
    ['aGVsbG8', 'hello'],
    ['', ''],
    ['A'.repeat(140), undefined],
    ['a', undefined],
    ['a b=', undefined],
    ['====', undefined],
    ['*', undefined],
    [7, undefined],
  ])('base64 %j is %j', (text, decoded) => {
    expect(base64Of(text, 100)?.toString()).toBe(decoded);
  });

  test('JSON is bounded and named in its error', () => {
    expect(parseUntrustedJson('{"a":1}', 'it')).toEqual({ ok: true, value: { a: 1 } });
    expect(parseUntrustedJson('nope', 'it')).toEqual({ ok: false, error: 'it is not JSON' });
    const large = { ok: false, error: 'it is larger than 2 bytes' };
    expect(parseUntrustedJson('[1]', 'it', 2)).toEqual(large);
  });
});

describe('a statement', () => {
  const older = { ...STATEMENT, _type: 'https://in-toto.io/Statement/v0.1' };
  const V02 = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
  test.each([
    ['as it is', STATEMENT, STATEMENT],
    ['of the older type', older, older],
    ['in an envelope', envelope(STATEMENT), STATEMENT],
    ['in a bundle', bundle({ dsseEnvelope: envelope(STATEMENT) }), STATEMENT],
    ['in an older bundle', bundle({ dsseEnvelope: envelope(STATEMENT) }, V02), STATEMENT],
    // BuildKit's has none of its own.
    ['without a subject', { ...STATEMENT, subject: null }, { ...STATEMENT, subject: [] }],
  ])('is read %s', (_, document, value) => {
    expect(parse(document)).toEqual({ ok: true, value });
  });

  test('is read of bytes, and of url-safe base64 without padding', () => {
    const text = JSON.stringify({ ...STATEMENT, predicate: '???>>>' });
    const payload = Buffer.from(text).toString('base64url');
    const whole = { payloadType: 'application/vnd.in-toto+json', payload };
    const bytes = new TextEncoder().encode(JSON.stringify(whole));
    expect(parseStatement(bytes)).toMatchObject({ ok: true, value: { predicate: '???>>>' } });
  });

  test.each([
    ['[]', 'the attestation is not a JSON object'],
    ['{}', 'the attestation is neither a statement, a DSSE envelope nor a sigstore bundle'],
    [{ ...STATEMENT, _type: 'x' }, 'the statement is not of a type that in-toto defines'],
    [{ ...STATEMENT, predicateType: '' }, 'the statement does not name a predicate type'],
    [{ ...STATEMENT, subject: {} }, 'the statement: subject is not a list'],
    [
      { ...STATEMENT, subject: Array(10_001).fill({}) },
      'the statement has more than 10000 subjects',
    ],
    [
      envelope(STATEMENT, 'text/plain'),
      'the payload of the envelope is not of type application/vnd.in-toto+json',
    ],
    [
      { ...envelope(STATEMENT), payload: '%%%' },
      'the payload of the envelope is not base64, or too large',
    ],
    [envelope('x'), 'the statement is not of a type that in-toto defines'],
    [
      bundle({ dsseEnvelope: envelope(STATEMENT) }, 'text/plain'),
      'the media type of the bundle is not known',
    ],
    [
      bundle({ messageSignature: {} }),
      'the bundle signs a message and does not contain a statement',
    ],
    ['{', 'the attestation is not JSON'],
  ])('is not read: %#', (document, error) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect(parseStatement(text)).toEqual({ ok: false, error });
  });

  test('is not read of bytes that are no UTF-8, nor of more than allowed', () => {
    expect(parseStatement(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({
      ok: false,
      error: 'the attestation is not JSON: it is not UTF-8',
    });
    const large = { ok: false, error: 'the attestation is larger than 10 bytes' };
    expect(parseStatement(JSON.stringify(STATEMENT), 10)).toEqual(large);
  });

  test('whatever it is, reading it ends', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        parseStatement(text);
        parse(value);
        parse({ ...STATEMENT, subject: value });
        parse({ payloadType: 'application/vnd.in-toto+json', payload: text });
        parse(bundle({ dsseEnvelope: value }));
      }),
    );
  });

  test('has each sha256 digest once, malformed and other ones left out', () => {
    const hexes = [digestHex(A), digestHex(A), 'ABC', digestHex(B)];
    const subject = [...hexes.map((sha256) => ({ sha256 })), { sha512: 'x' }];
    const all = { ...STATEMENT, subject: subject.map((digest) => ({ digest })) };
    const read = parse(all);
    expect(read.ok && subjectDigests(read.value)).toEqual([A, B]);
  });
});

test.each([
  [['7'], { logIndex: 7, time: '2023-11-14T22:13:20Z' }],
  // Of two nobody knows which one cosign has checked.
  [['7', '9'], {}],
])('of a log with the entries %j', (indexes, origin) => {
  const tlogEntries = indexes.map((logIndex) => ({ logIndex, integratedTime: '1700000000' }));
  const whole = { ...bundle({ messageSignature: {} }), verificationMaterial: { tlogEntries } };
  expect(bundleOrigin(Buffer.from(JSON.stringify(whole)))).toEqual(origin);
});

const path = resolve(import.meta.dirname, '../sigstore/fulcio.mjs');
const stand = (await import(path)) as unknown as Stand;
const fulcio = stand.makeFulcio();
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = publicKey.export({ format: 'der', type: 'spki' });
const github = 'https://token.actions.githubusercontent.com';
const workflow = 'o/r/.github/workflows/i.yml@refs/heads/main';

describe('a certificate', () => {
  test.each([
    [
      { iss: 'https://accounts.example.com', email: 'jane@example.com', sub: '1' },
      { subject: 'jane@example.com', issuer: 'https://accounts.example.com' },
    ],
    [
      {
        iss: github,
        sub: 'repo:o/r:ref:refs/heads/main',
        repository: 'o/r',
        job_workflow_ref: workflow,
      },
      { subject: `https://github.com/${workflow}`, issuer: github },
    ],
    [{ iss: 'https://i.example', email: 'a@\u001b[2Jb', sub: '1' }, undefined],
    [{ iss: 'https://i.example\nhttps://j.example', email: 'a@b.example', sub: '1' }, undefined],
  ])('of %j names subject and issuer, without control characters', (claims, identity) => {
    expect(certificateIdentity(stand.leaf(fulcio, key, claims))).toEqual(identity);
  });

  test('of hostile bytes is none, and reading it ends', () => {
    const good = stand.leaf(fulcio, key, { iss: 'https://i.example', email: 'a@b.example' });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        const found = certificateIdentity(changed);
        expect(found === undefined || typeof found.subject === 'string').toBe(true);
        expect(certificateIdentity(good.subarray(0, at))).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(certificateIdentity(bytes)).toBeUndefined();
      }),
    );
  });
});
