import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type EngineImages, openEngineImage } from '../../src/image/open-engine.ts';
import { digestOf } from '../../src/model/reference.ts';
import { archiveOf, dockerSaved } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

test('a save that fails leaves nothing', async () => {
  const folder = temporaryFolder();
  const engine: EngineImages = {
    find: () => Promise.resolve(undefined),
    save: async (_id, take) => {
      await take(archiveOf(dockerSaved()).subarray(0, 4096));
      throw new Error('hung up');
    },
  };
  const spoolDir = join(folder, 'spool');
  const opening = openEngineImage({ name: 'app', id: digestOf('x'), engine, spoolDir });
  await expect(opening).rejects.toThrow('hung up');
  expect(existsSync(spoolDir) ? readdirSync(spoolDir) : []).toEqual([]);
});
