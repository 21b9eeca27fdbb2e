import { expect, test } from 'vitest';
import type { Registries } from '../../src/build/registries.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { readForEdits } from '../../src/dockerfile/analyse-dockerfile.ts';
import { fixDigests } from '../../src/fix/plan.ts';
import { digestOf } from '../../src/model/reference.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';

/** Which registries are asked for a Dockerfile whose runtime stage could be a distroless image. */
async function askedFor(offline: boolean): Promise<readonly string[]> {
  const read = readForEdits(
    'FROM registry.example.com/golang:1.24\nRUN go build -o /a .\nCMD ["/a"]\n',
  );
  if (!read.ok) throw new Error(read.error.message);
  const asked = new Set<string>();
  const registries = {
    reader: (registry: string) => {
      asked.add(registry);
      const root = { descriptor: { digest: digestOf('x') } };
      return { findManifest: () => Promise.resolve(root) };
    },
  } as unknown as Registries;
  await fixDigests(
    contextOf(fakeRun([]).run, '/nowhere'),
    registries,
    {
      read: read.value,
      needs: new Set(['digests']),
      contextFolder: '/nowhere',
      dockerfile: '/nowhere/Dockerfile',
      buildArgs: [],
      target: undefined,
      settings: { ...DEFAULT_SETTINGS, offline },
      refresh: false,
      build: false,
    },
    undefined,
  );
  return [...asked].sort();
}

test('offline, only registries of images that the Dockerfile has are asked', async () => {
  expect(await askedFor(true)).toEqual(['registry.example.com']);
  expect(await askedFor(false)).toEqual(['gcr.io', 'registry.example.com']);
});
