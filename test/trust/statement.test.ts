import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import type { Statement } from '../../src/model/statement.ts';
import { parseStatement, subjectDigests } from '../../src/trust/bundle.ts';

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
const bundle = (
  content: object,
  mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json',
): object => ({
  mediaType,
  verificationMaterial: {},
  ...content,
});
const parse = (value: unknown): ReturnType<typeof parseStatement> =>
  parseStatement(JSON.stringify(value));

describe('parseStatement', () => {
  test.each([
    ['raw', STATEMENT],
    ['of the older type', { ...STATEMENT, _type: 'https://in-toto.io/Statement/v0.1' }],
  ])('reads a statement, %s', (_, statement) => {
    expect(parse(statement)).toEqual({ ok: true, value: statement });
  });

  test.each([
    ['a DSSE envelope', envelope(STATEMENT)],
    ['a bundle', bundle({ dsseEnvelope: envelope(STATEMENT) })],
    [
      'an older bundle',
      bundle(
        { dsseEnvelope: envelope(STATEMENT) },
        'application/vnd.dev.sigstore.bundle+json;version=0.2',
      ),
    ],
  ])('reads %s', (_, document) => {
    expect(parse(document)).toEqual({ ok: true, value: STATEMENT });
  });

  test('reads bytes, and url-safe base64 without padding', () => {
    const payload = Buffer.from(JSON.stringify({ ...STATEMENT, predicate: '???>>>' })).toString(
      'base64url',
    );
    const bytes = new TextEncoder().encode(
      JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload }),
    );
    expect(parseStatement(bytes)).toMatchObject({ ok: true, value: { predicate: '???>>>' } });
  });

  test('a statement of BuildKit has no subject of its own', () => {
    const read = parse({ ...STATEMENT, subject: null });
    expect(read).toEqual({ ok: true, value: { ...STATEMENT, subject: [] } });
  });

  test.each([
    ['no JSON', '{', 'the attestation is not JSON'],
    ['a list', '[]', 'the attestation is not a JSON object'],
    [
      'nothing known',
      '{}',
      'the attestation is neither a statement, a DSSE envelope nor a sigstore bundle',
    ],
    [
      'another _type',
      JSON.stringify({ ...STATEMENT, _type: 'x' }),
      'the statement is not of a type that in-toto defines',
    ],
    [
      'no predicate type',
      JSON.stringify({ ...STATEMENT, predicateType: '' }),
      'the statement does not name a predicate type',
    ],
    [
      'a subject that is no list',
      JSON.stringify({ ...STATEMENT, subject: {} }),
      'the statement: subject is not a list',
    ],
    [
      'too many subjects',
      JSON.stringify({ ...STATEMENT, subject: Array(10_001).fill({}) }),
      'the statement has more than 10000 subjects',
    ],
    [
      'another payload type',
      JSON.stringify(envelope(STATEMENT, 'text/plain')),
      'the payload of the envelope is not of type application/vnd.in-toto+json',
    ],
    [
      'no base64',
      JSON.stringify({ ...envelope(STATEMENT), payload: '%%%' }),
      'the payload of the envelope is not base64, or too large',
    ],
    [
      'an envelope of text',
      JSON.stringify(envelope('x')),
      'the statement is not of a type that in-toto defines',
    ],
    [
      'another bundle',
      JSON.stringify(bundle({ dsseEnvelope: envelope(STATEMENT) }, 'text/plain')),
      'the media type of the bundle is not known',
    ],
    [
      'a message bundle',
      JSON.stringify(bundle({ messageSignature: {} })),
      'the bundle signs a message and does not contain a statement',
    ],
  ])('refuses %s', (_, document, error) => {
    expect(parseStatement(document)).toEqual({ ok: false, error });
  });

  test('refuses bytes that are no UTF-8, and what is larger than allowed', () => {
    expect(parseStatement(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({
      ok: false,
      error: 'the attestation is not JSON: it is not UTF-8',
    });
    expect(parseStatement(JSON.stringify(STATEMENT), 10)).toEqual({
      ok: false,
      error: 'the attestation is larger than 10 bytes',
    });
  });

  test('never throws', () => {
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
});

describe('subjects', () => {
  const withSubjects = (subject: Statement['subject']): Statement => ({ ...STATEMENT, subject });
  const sha256 = (hex: string): Statement['subject'][number] => ({ digest: { sha256: hex } });

  test('gives each sha256 digest once, malformed and other ones left out', () => {
    const statement = withSubjects([
      sha256(digestHex(A)),
      sha256(digestHex(A)),
      sha256('ABC'),
      { digest: { sha512: 'x' } },
      sha256(digestHex(B)),
    ]);
    expect(subjectDigests(statement)).toEqual([A, B]);
  });
});
