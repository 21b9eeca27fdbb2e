import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isWhole } from '../e2e/rows.ts';
import { ImageBytes } from '../fakes/images.ts';
import { layerTar } from '../fakes/tar-bytes.ts';
import { GraderStand, imageOf } from './grader-stand.ts';
import { bombLayer, manyFilesLayer } from './hostile-layers.ts';

const stand = new GraderStand();
const MIB = 1 << 20;

test('a bomb, 10 GB of zeros in 46 MB, ends when its time is over, in little memory', async () => {
  const { bytes, root } = imageOf([Buffer.alloc(0)], { packed: [bombLayer(1)] });
  stand.push('team/bomb', bytes, root);
  stand.push('team/app', new ImageBytes());
  const grader = stand.grader({ seconds: 3, memory: 400 * MIB });
  expect(await stand.ask(grader, 'team/bomb')).toEqual({
    ...{ ok: false, kind: 'bounds', message: 'it took more than 3 seconds' },
  });
  expect(await stand.ask(grader, 'team/app')).toMatchObject({ ok: true });
});

test.runIf(isWhole)(
  'a bomb that is packed tighter than any layer is refused for that',
  async () => {
    const { bytes, root } = imageOf([Buffer.alloc(0)], { packed: [bombLayer()] });
    stand.push('team/tight', bytes, root);
    expect(
      await stand.ask(stand.grader({ seconds: 600, memory: 400 * MIB }), 'team/tight'),
    ).toEqual({
      ...{ ok: false, kind: 'image', message: 'a layer unpacks to more than 250 times its size' },
    });
  },
);

test.runIf(isWhole)('a million files are too many, whatever memory there is', async () => {
  const { bytes, root } = imageOf([manyFilesLayer(1_000_000)]);
  stand.push('team/many', bytes, root);
  stand.push('team/app', new ImageBytes());
  const tight = stand.grader({ memory: 200 * MIB });
  expect(await stand.ask(tight, 'team/many')).toEqual({
    ...{ ok: false, kind: 'bounds', message: 'it took more than 200 MiB of memory' },
  });
  const wide = stand.grader();
  expect(await stand.ask(wide, 'team/many')).toMatchObject({
    ...{ ok: false, kind: 'image' },
    message: 'the layers of the image contain more than 1000000 files and folders',
  });
  for (const one of [tight, wide])
    expect(await stand.ask(one, 'team/app')).toMatchObject({ ok: true });
});

test('what unpacks to other content than was promised is a fault of the image', async () => {
  const packed = [gzipSync(layerTar({ 'etc/motd': 'other' }))];
  const { bytes, root } = imageOf([layerTar({ 'etc/motd': 'promised' })], { packed });
  stand.push('team/other', bytes, root);
  expect(await stand.ask(stand.grader(), 'team/other')).toMatchObject({
    ...{ ok: false, kind: 'image', message: expect.stringContaining('unpacks to') as string },
  });
});
