import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { BlobStore, documentsOf } from '../../src/image/blob-store.ts';
import { parseManifest } from '../../src/image/documents.ts';
import {
  envelopeLayer,
  signatureLayer,
  simpleSigningPayload,
  writeBundleReferrer,
  writeTagged,
} from '../../src/image/referrers.ts';
import type { AttachedThere } from '../../src/image/registry/push.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { BUILD_TYPE, VERIFIER_ID } from '../../src/trust/identity.ts';
import { type OpenedKey, signBundle, signBytes } from '../../src/trust/keys.ts';
import { legacyEnvelope } from '../../src/trust/older-form.ts';
import { replacedStatements } from '../../src/trust/replaced.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

function newKey(): OpenedKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    sign: (bytes) => sign('sha256', bytes, privateKey),
    verifies: (bytes, signature) => verify('sha256', bytes, publicKey, signature),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  };
}
const mine = newKey();
const theirs = newKey();
const keys = [createPublicKey({ key: mine.publicKey, format: 'der', type: 'spki' })];
const subject: Descriptor = { mediaType: MEDIA_TYPE.index, digest: digestOf('image'), size: 5 };
const other: Descriptor = { ...subject, digest: digestOf('another image') };
const VSA = PREDICATE_TYPE.slsaVsa;
const verdict = { verifier: { id: VERIFIER_ID }, verifiedLevels: ['CHPS_LEVEL_1'] };

interface Given {
  readonly key?: OpenedKey;
  readonly type?: string;
  readonly predicate?: unknown;
  readonly about?: Descriptor;
  readonly change?: (bundle: string) => string;
}

async function setUp() {
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const bundleOf = ({ key = mine, type = VSA, predicate = verdict, about = subject }: Given) =>
    signBundle(key, { subjects: [about.digest], predicateType: type, predicate });
  const referrer = (given: Given, on = subject): Promise<Descriptor> => {
    const { change = (text: string) => text, type = VSA } = given;
    const bundle = Buffer.from(change(bundleOf(given).toString()));
    return writeBundleReferrer(blobs, { subject: on, bundle, predicateType: type });
  };
  const replaces = async (made: readonly Descriptor[], there: Descriptor): Promise<boolean> => {
    const read = documentsOf(blobs);
    const isReplaced = await replacedStatements(blobs, { referrers: made, tagged: [] }, keys, read);
    return isReplaced({ subject: subject.digest, where: 'referrer', descriptor: there });
  };
  return { blobs, bundleOf, referrer, replaces };
}

const newer = { ...verdict, verifiedLevels: ['CHPS_LEVEL_2'] };

test('an older verdict of the same signer is replaced', async () => {
  const { referrer, replaces } = await setUp();
  expect(await replaces([await referrer({ predicate: newer })], await referrer({}))).toBe(true);
});

test('a bundle that is larger than a manifest may be is read, too', async () => {
  const { referrer, replaces } = await setUp();
  const large = { ...newer, notes: 'x'.repeat(5_000_000) };
  expect(await replaces([await referrer({ predicate: large })], await referrer({}))).toBe(true);
});

const swap = (text: string): string => text.replace(/"sig":"..../, '"sig":"AAAA');

test.each<[string, Given, Descriptor?]>([
  ['another signer’s', { key: theirs }],
  [
    'another signer’s that claims our key',
    {
      key: theirs,
      change: (text) => {
        const hint = /"hint":"[^"]*"/;
        const ours = signBundle(mine, {
          subjects: [],
          predicateType: VSA,
          predicate: 0,
        }).toString();
        return text.replace(hint, hint.exec(ours)?.[0] ?? '');
      },
    },
  ],
  ['one whose signature is broken', { change: swap }],
  ['one about another image', { about: other }],
  ['one that hangs on another image', { about: subject }, other],
  ['another verifier’s', { predicate: { verifier: { id: 'https://other.example' } } }],
  [
    'of another kind',
    {
      type: PREDICATE_TYPE.slsaProvenanceV1,
      predicate: { buildDefinition: { buildType: BUILD_TYPE } },
    },
  ],
  ['what was attached by hand', { type: 'https://openvex.dev/ns', predicate: {} }],
  ['what is not a bundle', { change: () => 'no JSON' }],
])('%s stays', async (_what, given, on) => {
  const { referrer, replaces } = await setUp();
  const made = await referrer({ predicate: newer });
  expect(await replaces([made], await referrer(given, on ?? subject))).toBe(false);
});

test('what was attached by hand is not replaced by another of its type', async () => {
  const { referrer, replaces } = await setUp();
  const type = 'https://openvex.dev/ns';
  const made = await referrer({ type, predicate: { a: 1 } });
  expect(await replaces([made], await referrer({ type, predicate: { a: 2 } }))).toBe(false);
});

test('under cosign’s tags signatures and envelopes are told apart as well', async () => {
  const { blobs, bundleOf } = await setUp();
  const sig = (key: OpenedKey) => {
    const payload = simpleSigningPayload('reg.example/app', subject.digest);
    return signatureLayer(payload, {
      'dev.cosignproject.cosign/signature': signBytes(key, payload),
    });
  };
  const att = (given: Given) => {
    const layer = legacyEnvelope(bundleOf(given), VSA);
    if (layer === undefined) throw new Error('no envelope');
    return envelopeLayer(layer);
  };
  const tagged = [
    await writeTagged(blobs, subject.digest, 'sig', [sig(mine)]),
    await writeTagged(blobs, subject.digest, 'att', [att({ predicate: newer })]),
  ];
  const before = await writeTagged(blobs, subject.digest, 'att', [
    ...[sig(mine), sig(theirs), att({}), att({ key: theirs })],
  ]);
  const { layers } = parseManifest(await blobs.readDocument(before.descriptor), 'it');
  const read = documentsOf(blobs);
  const isReplaced = await replacedStatements(blobs, { referrers: [], tagged }, keys, read);
  const there = (descriptor: Descriptor): AttachedThere => ({
    subject: subject.digest,
    where: 'cosign-tag',
    descriptor,
  });
  const answers = await Promise.all(layers.map((layer) => isReplaced(there(layer))));
  expect(answers).toEqual([true, false, true, false]);
});
