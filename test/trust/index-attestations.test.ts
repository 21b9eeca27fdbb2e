import { expect, test } from 'vitest';
import type { FinalPlatform } from '../../src/build/image-under-build.ts';
import { parseManifest } from '../../src/image/documents.ts';
import { openStored } from '../../src/image/layout/open-layout.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { indexAttestations } from '../../src/trust/index-attestations.ts';
import { planned } from '../build/given.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';
import { provenanceSample } from './fixture-provenance.ts';

const VCS = { revision: 'c'.repeat(40), source: 'https://example.com/r.git' };
const KEY = 'https://mobyproject.org/buildkit@v1#metadata';

/** The statements of an image whose build BuildKit described so, and the manifest's digest. */
async function attested(predicate: unknown, ...flags: readonly string[]) {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const { manifest: descriptor } = await makeImage(store.blobs, [{ a: 'b' }]);
  const [opened] = (await openStored(store.blobs, descriptor)).platforms;
  const provenance = { _type: '', subject: [], predicateType: '', predicate };
  const platform: FinalPlatform = {
    ...opened,
    built: { ...opened, provenance },
    baseLayers: 0,
    touched: [],
    reports: [],
  };
  const plan = { ...planned([...flags, '.']), vcs: VCS };
  const context = contextOf(fakeRun([]).run, folder);
  const [made] = await indexAttestations(context, { plan, store }, [platform]);
  if (made === undefined) return undefined;
  const { layers } = parseManifest(await store.blobs.readDocument(made), made.digest);
  const texts = await Promise.all(layers.map(({ digest }) => store.blobs.read(digest, 1e6)));
  return { digest: made.digest, statements: texts.map((text) => Buffer.from(text).toString()) };
}

interface Sample {
  readonly invocation: { readonly parameters: { readonly args?: object } };
  readonly metadata: Readonly<Record<string, object>>;
}
const MAX = provenanceSample('buildx-0.13.1-max') as Sample;

test('times, ids, builders, steps and what is of the run do not change it', async () => {
  const { invocation, metadata } = MAX;
  const { parameters } = invocation;
  const args = { 'no-cache': '', 'image-resolve-mode': 'pull', ...parameters.args };
  const other = {
    ...MAX,
    builder: { id: 'https://ci.example.com/run/1' },
    buildConfig: { llbDefinition: [] },
    invocation: {
      ...invocation,
      parameters: { ...parameters, args },
      environment: { platform: 'linux/arm64' },
    },
    metadata: {
      ...metadata,
      buildInvocationID: 'another',
      buildStartedOn: '2001-01-01T00:00:00Z',
      buildFinishedOn: '2001-01-01T00:00:01Z',
      [KEY]: { ...metadata[KEY], layers: {} },
    },
  };
  const [first, second] = [
    await attested(MAX, '--provenance=true'),
    await attested(other, '--provenance=true', '-t', 'other/name:2'),
  ];
  expect(first?.statements).toHaveLength(1);
  expect(second).toEqual(first);
  const changed = { ...MAX, invocation: { ...invocation, parameters: { args: { a: 'b' } } } };
  expect((await attested(changed, '--provenance=true'))?.digest).not.toBe(first?.digest);
});

test('what is asked for is in it, and with mode=min no Dockerfile', async () => {
  const types = async (...flags: readonly string[]): Promise<unknown> =>
    (await attested(MAX, ...flags))?.statements.map(
      (text) => (JSON.parse(text) as { predicateType: string }).predicateType,
    );
  const [spdx, slsa] = ['https://spdx.dev/Document', 'https://slsa.dev/provenance/v1'];
  expect(await types()).toBeUndefined();
  expect(await types('--provenance=false', '--sbom=0')).toBeUndefined();
  expect(await types('--provenance=mode=max')).toEqual([slsa]);
  expect(await types('--attest=type=sbom')).toEqual([spdx]);
  expect(await types('--sbom=true', '--attest=type=provenance,mode=min')).toEqual([spdx, slsa]);
  const min = await attested(provenanceSample('buildx-0.13.1-min'), '--provenance=mode=min');
  expect(min?.statements.join('')).not.toMatch(/"data"|build-arg/);
  const source = { digest: { gitCommit: VCS.revision }, uri: `git+${VCS.source}@${VCS.revision}` };
  expect(min?.statements.join('')).toContain(JSON.stringify(source));
});
