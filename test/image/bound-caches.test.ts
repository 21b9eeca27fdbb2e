import { mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boundKeptDaily } from '../../src/image/caches.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

test('caches are looked at once a day', async () => {
  const cache = temporaryFolder();
  const paths = { cache, store: '', config: '', dockerConfig: '' };
  const emit = (): void => undefined;
  const now = Date.now();
  await boundKeptDaily({ paths, emit, now: () => now });
  expect(readdirSync(cache)).toEqual(['bounded']);
  const folder = join(cache, 'proofs', 'v1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.json'), '');
  truncateSync(join(folder, 'a.json'), 2 * 1024 * 1024);
  await boundKeptDaily({ paths, emit, now: () => now + 1000 });
  expect(readdirSync(folder)).toEqual(['a.json']);
  await boundKeptDaily({ paths, emit, now: () => now + 2 * 86_400_000 });
  expect(readdirSync(folder)).toEqual([]);
});

test('a mark that cannot be written is a warning', async () => {
  const cache = temporaryFolder();
  const paths = { cache, store: '', config: '', dockerConfig: '' };
  mkdirSync(join(cache, 'bounded'));
  const old = new Date(Date.now() - 3 * 86_400_000);
  utimesSync(join(cache, 'bounded'), old, old);
  const events: PipelineEvent[] = [];
  await boundKeptDaily({ paths, emit: (event) => void events.push(event), now: Date.now });
  expect(events).toMatchObject([
    { kind: 'warning', text: expect.stringContaining(`${cache}/bounded`) as string },
  ]);
});
