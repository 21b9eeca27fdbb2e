import { expect, test } from 'vitest';
import { storedImage } from '../../src/cli/operands.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { parseReference } from '../../src/model/reference.ts';
import { makeImage, makeIndex, temporaryFolder, writeJson } from '../fakes/layouts.ts';

async function built(name: string) {
  const store = await openStore(temporaryFolder());
  const reference = parseReference(name);
  if (!reference.ok) throw new Error(reference.error);
  const build = await store.newBuild();
  const { manifest } = await makeImage(store.blobs, [{ a: 'a' }]);
  const index = await makeIndex(store.blobs, [manifest]);
  const bundle = await writeJson(store.blobs, { schemaVersion: 2, subject: index });
  const referrer = {
    mediaType: MEDIA_TYPE.manifest,
    artifactType: MEDIA_TYPE.sigstoreBundle,
    ...bundle,
  };
  await build.finish({ manifests: [index], names: [reference.value], referrers: [referrer] });
  return { store, index, referrer };
}

test('says which name is not there, and how to make it', async () => {
  const { store } = await built('app');
  await expect(storedImage(store, 'app:2')).rejects.toMatchObject({
    message: 'no build of docker.io/library/app:2',
    nextStep: 'scoville build -t app:2 .',
  });
});

test('refuses what is no name', async () => {
  const { store } = await built('app');
  await expect(storedImage(store, 'App/../x')).rejects.toMatchObject({ name: 'UserError' });
});
