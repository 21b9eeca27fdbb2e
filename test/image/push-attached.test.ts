import { expect, test } from 'vitest';
import { BlobStore } from '../../src/image/blob-store.ts';
import { parseManifest } from '../../src/image/documents.ts';
import { signatureLayer, writeBundleReferrer, writeTagged } from '../../src/image/referrers.ts';
import {
  type AttachedThere,
  type Attaching,
  pushReferrers,
} from '../../src/image/registry/push.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { FakeRegistryOptions } from '../fakes/fake-registry.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

const subject = { mediaType: MEDIA_TYPE.index, digest: digestOf('image'), size: 5 };
const tag = (suffix: string): string => `sha256-${subject.digest.slice(7)}.${suffix}`;

async function setUp(options: FakeRegistryOptions = {}) {
  const registry = await registryOf(options);
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const client = clientOf(registry, { backoffMs: () => 100, retries: 2 });
  const push = (rest: Partial<Attaching>) =>
    pushReferrers({ blobs, client, repository: 'app', referrers: [], tagged: [], ...rest });
  const signed = (by: string, suffix: 'sig' | 'att' = 'sig') =>
    writeTagged(blobs, subject.digest, suffix, [
      signatureLayer(Buffer.from('{"payload":1}'), { 'dev.cosignproject.cosign/signature': by }),
    ]);
  const signers = async (suffix = 'sig'): Promise<readonly (string | undefined)[]> => {
    const found = await client.findManifest('app', tag(suffix));
    const { layers, config } = parseManifest(found?.bytes ?? Buffer.from(''), 'it');
    // cosign reads the config: it is there, and tells as many layers.
    expect(registry.blobs.get(`app@${config.digest}`)?.toString()).toContain(layers[0]?.digest);
    return layers.map(({ annotations }) => annotations?.['dev.cosignproject.cosign/signature']);
  };
  const bundle = (text: string): Promise<Descriptor> =>
    writeBundleReferrer(blobs, { subject, bundle: Buffer.from(text), predicateType: 't' });
  return { registry, client, push, signed, signers, bundle };
}

test('a second signer’s signature joins the first, the same one is there once', async () => {
  const { push, signed, signers } = await setUp();
  for (const by of ['one', 'two', 'one']) await push({ tagged: [await signed(by)] });
  expect(await signers()).toEqual(['one', 'two']);
});

test.each([false, true])('of signers at once none is lost (conditions: %s)', async (conditions) => {
  const { push, signed, signers } = await setUp({ conditions });
  const names = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(names.map(async (by) => push({ tagged: [await signed(by)] })));
  expect([...(await signers())].sort()).toEqual(names);
});

test('the same signer’s older signature goes, another’s stays', async () => {
  const { push, signed, signers } = await setUp();
  for (const by of ['mine 1', 'other']) await push({ tagged: [await signed(by)] });
  const isReplaced = ({ where, descriptor }: AttachedThere) =>
    Promise.resolve(where === 'cosign-tag' && JSON.stringify(descriptor).includes('mine'));
  await push({ tagged: [await signed('mine 2')], isReplaced });
  expect(await signers()).toEqual(['other', 'mine 2']);
});

test.each([true, false])('older referrers go (referrers API: %s)', async (referrersApi) => {
  const { push, bundle, client } = await setUp({ referrersApi });
  const [old, other, made] = [await bundle('old'), await bundle('other'), await bundle('new')];
  await push({ referrers: [old, other] });
  const isReplaced = ({ descriptor }: AttachedThere) =>
    Promise.resolve(descriptor.digest === old.digest);
  expect(await push({ referrers: [made], isReplaced })).toEqual({ notRemoved: 0, kept: new Set() });
  const listed = (await client.referrers('app', subject.digest)).map(({ digest }) => digest);
  expect([...listed].sort()).toEqual([other.digest, made.digest].sort());
});

test('where the registry lets nothing be removed it is counted, and the push goes on', async () => {
  const { registry, push, bundle } = await setUp({ referrersApi: true });
  await push({ referrers: [await bundle('old')] });
  registry.fail(/^DELETE/, { do: 'status', status: 405 }, 9);
  const isReplaced = () => Promise.resolve(true);
  expect(await push({ referrers: [await bundle('new')], isReplaced })).toEqual({
    notRemoved: 1,
    kept: new Set(),
  });
});

test.each([true, false])('attestations by tag where no API lists them (API: %s)', async (api) => {
  const { registry, push, signed, bundle } = await setUp({ referrersApi: api });
  const tagged = [await signed('s', 'sig'), await signed('a', 'att')];
  const referrers = [await bundle('b')];
  await push({ tagged, referrers, attestationTags: 'without-referrers' });
  expect(registry.manifests.has(`app:${tag('sig')}`)).toBe(true);
  expect(registry.manifests.has(`app:${tag('att')}`)).toBe(!api);
});

test('a tag that holds something else is left alone, with an error', async () => {
  const { registry, push, signed } = await setUp();
  registry.putManifest('app', tag('sig'), Buffer.from('{"manifests":[]}'), MEDIA_TYPE.index);
  await expect(push({ tagged: [await signed('one')] })).rejects.toThrow(/not a list of signatures/);
});
