import { expect, test } from 'vitest';
import { contentAfter, sample } from './sample-layer.ts';

const INDEX = Buffer.concat([Buffer.from('18e22d0000000000', 'hex'), Buffer.alloc(32_760, 7)]);

test('the shared memory of a database becomes empty', async () => {
  expect(await contentAfter(sample('var/lib/rpm/rpmdb.sqlite-shm', INDEX))).toHaveLength(0);
});

test.each([
  ['another file of that name', 'app/data-shm', Buffer.from('text that is none')],
  ['the same bytes under another name', 'app/data', INDEX],
])('%s stays', async (_name, path, content) => {
  expect(await contentAfter(sample(path, content))).toEqual(content);
});
