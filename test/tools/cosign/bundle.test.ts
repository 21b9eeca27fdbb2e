import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../src/model/digest.ts';
import { bundleStatement, checkBundle } from '../../../src/tools/cosign/bundle.ts';

const recorded = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/cosign/${name}`, import.meta.url));
const predicateType = 'https://example.org/t';

describe.each(['2.5.0', '3.1.1'])('a bundle of cosign %s', (version) => {
  const bundle = recorded(`${version}/bundle.json`);
  const subject = digestOf(recorded(`${version}/manifest.json`));

  test('states what was asked', () => {
    const checked = checkBundle(bundle, { subject, predicateType, predicate: { a: 1 } });
    expect(checked.ok && checked.value.predicate).toEqual({ a: 1 });
  });

  test.each([
    [{ subject: digestOf('other') }, 'its subject is sha256:00f6b3'],
    [{ predicateType: 'https://example.org/other' }, 'its predicate type is https://example.org/t'],
    [{ predicate: { a: 2 } }, 'its predicate is not the one given'],
  ])('is refused for %j', (change, reason) => {
    const checked = checkBundle(bundle, { subject, predicateType, ...change });
    expect(checked.ok ? '' : checked.error).toContain(reason);
  });
});

function made(statement: unknown, change: Record<string, unknown> = {}): Uint8Array {
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      dsseEnvelope: {
        payloadType: 'application/vnd.in-toto+json',
        payload,
        signatures: [{ sig: 'AA==' }],
        ...change,
      },
    }),
  );
}

describe('hostile bundles', () => {
  const good = { sha256: 'a'.repeat(64) };
  const statement = { _type: 'https://in-toto.io/Statement/v1', predicateType, predicate: {} };
  const expected = { subject: `sha256:${good.sha256}` as Digest, predicateType };

  test('a second subject is refused in what was just signed, and may stand in what is verified', () => {
    const subject = [{ digest: good }, { digest: { sha256: 'b'.repeat(64) } }];
    const signed = { ...expected, predicate: {} };
    expect(checkBundle(made({ ...statement, subject: [{ digest: good }] }), signed).ok).toBe(true);
    expect(checkBundle(made({ ...statement, subject }), signed).ok).toBe(false);
    expect(checkBundle(made({ ...statement, subject }), expected).ok).toBe(true);
    expect(checkBundle(made({ ...statement, subject: subject.slice(1) }), expected).ok).toBe(false);
  });

  test.each([
    ['no subject', made({ ...statement, subject: [] })],
    ['two signatures', made(statement, { signatures: [{}, {}] })],
    ['another payload type', made(statement, { payloadType: 'text/plain' })],
    ['another statement type', made({ ...statement, _type: 'x' })],
    ['no JSON', Buffer.from('{')],
  ])('%s', (_, bytes) => {
    expect(checkBundle(bytes, expected).ok).toBe(false);
  });

  test('any bytes give an answer', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(bundleStatement(bytes).ok).toBe(false);
        },
      ),
    );
  });
});
