import { expect, test } from 'vitest';
import { recallResult, rememberResult } from '../../src/build/check-and-attest.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { PipelineContext } from '../../src/model/context.ts';
import { type BuildFact, type Fact, known, unknownFact } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const index = {
  mediaType: 'application/vnd.oci.image.index.v1+json',
  digest: digestOf('i'),
  size: 1,
};
const store = { blobs: { has: () => Promise.resolve(true) } };

function judged(dockerfile: string): Parameters<typeof rememberResult>[1] {
  const attest = {
    sbom: true,
    sbomFormats: [],
    provenance: true,
    sign: { on: false },
    verdict: true,
  };
  const plan = {
    settings: DEFAULT_SETTINGS,
    attest,
    names: ['a:1'],
    grade: true,
    needed: 0,
  };
  const fact = { dockerfile: unknownFact(dockerfile), images: unknownFact('x') };
  const made: readonly Fact<BuildFact>[] = [known(fact, 'build')];
  return {
    plan,
    store,
    image: { index },
    signer: undefined,
    vex: [],
    profiles: [],
    kept: { attestations: [], referrers: [] },
    made,
  } as unknown as Parameters<typeof rememberResult>[1];
}

test('a Dockerfile that comes to the same bytes is judged anew; the same one is not', async () => {
  const context = {
    paths: { cache: temporaryFolder() },
    version: '1',
    now: () => 1_700_000_000_000,
  } as unknown as PipelineContext;
  const result = { referrers: [], tagged: [], scorecard: undefined, contents: [] };
  await rememberResult(context, judged('FROM a'), result);
  const recalled = (text: string) => recallResult(context, judged(text));
  expect(await recalled('FROM a')).toEqual(result);
  expect(await recalled('FROM a@sha256:b')).toBeUndefined();
});

test('with VEX, which can end with a day, the result of yesterday does not count', async () => {
  let now = Date.parse('2026-11-26T23:00:00Z');
  const context = {
    paths: { cache: temporaryFolder() },
    version: '1',
    now: () => now,
  } as unknown as PipelineContext;
  const result = { referrers: [], tagged: [], scorecard: undefined, contents: [] };
  const plain = judged('FROM a');
  const waived = { ...plain, vex: [{ name: 'v', trusted: true, value: {} }] };
  for (const one of [plain, waived]) await rememberResult(context, one, result);
  const recalled = (one: typeof plain) => recallResult(context, one);
  expect(await recalled(waived)).toEqual(result);
  now += 2 * 3_600_000;
  expect(await recalled(plain)).toEqual(result);
  expect(await recalled(waived)).toBeUndefined();
});
