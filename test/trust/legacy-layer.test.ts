import { createHash, sign, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { ANNOTATION, legacyBundle } from '../../src/trust/attached.ts';
import { legacyEnvelope, legacySignature } from '../../src/trust/older-form.ts';
import { ext, issue, rootCa } from '../sigstore/x509.mjs';

const root = rootCa({ CN: 'root' });
const between = issue(root, { names: { CN: 'between' }, extensions: [] });
const leaf = issue(between, { names: { CN: 'leaf' }, extensions: [ext.keyUsageSign()] });
const stranger = rootCa({ CN: 'stranger' });
const certificate = ({ der }: { readonly der: Buffer }) => new X509Certificate(der);
const b64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const payload = b64('{"_type":"https://in-toto.io/Statement/v0.1"}');
const payloadType = 'application/vnd.in-toto+json';
const sig = b64(sign('sha256', Buffer.from('payload'), leaf.key));

function entry(body: unknown, promise = true): unknown {
  return {
    logIndex: '7',
    logId: { keyId: b64(Buffer.alloc(32, 1)) },
    kindVersion: { kind: 'dsse', version: '0.0.1' },
    integratedTime: '1795842583',
    ...(promise ? { inclusionPromise: { signedEntryTimestamp: b64('set') } } : {}),
    canonicalizedBody: b64(JSON.stringify(body)),
  };
}

function bundle(content: object, log: unknown): Buffer {
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { certificate: { rawBytes: b64(leaf.der) }, tlogEntries: [log] },
      ...content,
    }),
  );
}

const message = { messageSignature: { signature: sig } };
const envelope = { dsseEnvelope: { payload, payloadType, signatures: [{ sig }] } };

test('a keyless signature brings its certificate, the chain up to the root, and the log’s promise', () => {
  const authorities = [stranger, root, between].map(certificate);
  const made = legacySignature(bundle(message, entry({ kind: 'x' })), authorities);
  expect(made?.[ANNOTATION.signature]).toBe(sig);
  expect(made?.[ANNOTATION.certificate]).toBe(certificate(leaf).toString());
  const chain = made?.[ANNOTATION.chain]?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g);
  expect(chain).toEqual([between, root].map((one) => certificate(one).toString()));
  expect(JSON.parse(made?.[ANNOTATION.rekor] ?? '')).toEqual({
    SignedEntryTimestamp: b64('set'),
    Payload: {
      body: b64('{"kind":"x"}'),
      integratedTime: 1_795_842_583,
      logIndex: 7,
      logID: '01'.repeat(32),
    },
  });
});

test('no chain is written of certificates that issued nothing of it', () => {
  const made = legacySignature(bundle(message, entry({})), [certificate(stranger)]);
  expect(Object.keys(made ?? {})).not.toContain(ANNOTATION.chain);
});

test('what the log does not promise cannot be said', () => {
  expect(legacySignature(bundle(message, entry({}, false)))).toBeUndefined();
  expect(legacyEnvelope(bundle(envelope, entry({}, false)), 't')).toBeUndefined();
});

test('the bundle that says the same comes back', () => {
  const made = legacySignature(bundle(message, entry({ kind: 'hashedrekord', apiVersion: '1' })));
  const read = legacyBundle({ kind: 'payload', bytes: Buffer.from('payload') }, made);
  const again = read.ok ? legacySignature(read.value.bundle) : undefined;
  expect(again).toEqual(made);
});

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const older = JSON.stringify({ payloadType, payload, signatures: [{ keyid: '', sig }] });
const newer = JSON.stringify({ payload, payloadType, signatures: [{ sig }] });

test.each([
  ['dsse, cosign 2.5', { spec: { envelopeHash: { value: hex(older) } } }, older],
  ['dsse, cosign 3.1', { spec: { envelopeHash: { value: hex(newer) } } }, newer],
  ['intoto', { spec: { content: { hash: { value: hex(newer) } } } }, newer],
  ['no digest', { spec: {} }, older],
  ['another text', { spec: { envelopeHash: { value: hex('other') } } }, undefined],
])('an envelope has the bytes whose digest is logged: %s', (_what, body, text) => {
  const made = legacyEnvelope(bundle(envelope, entry(body)), 't');
  expect(made && Buffer.from(made.bytes).toString()).toBe(text);
});

test('a key’s envelope needs no log', () => {
  const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const key = { mediaType, verificationMaterial: { publicKey: { hint: '' } }, ...envelope };
  const made = legacyEnvelope(Buffer.from(JSON.stringify(key)), 't');
  expect(made?.annotations).toEqual({ [ANNOTATION.signature]: '', predicateType: 't' });
});
