import { describe, expect, test } from 'vitest';
import type { RecordedBuild } from '../../src/model/lock.ts';
import type { Digest } from '../../src/model/reference.ts';
import { recordedBuild } from '../../src/trust/provenance-read.ts';
import { type ProvenanceInput, slsaProvenance } from '../../src/trust/provenance.ts';
import { PROVENANCE_SAMPLES, provenanceSample } from './fixture-provenance.ts';

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const SOURCE = 'https://x.example/y';

function read(predicate: unknown): RecordedBuild {
  const record = recordedBuild(predicate);
  if (!record.ok) throw new Error(record.error);
  return record.value;
}

function v02(invocation: object, metadata: object = {}, buildType?: string): unknown {
  const standard = 'https://mobyproject.org/buildkit@v1';
  return { builder: { id: '' }, buildType: buildType ?? standard, invocation, metadata };
}

describe('a statement of BuildKit', () => {
  test.each(PROVENANCE_SAMPLES)('%s is read', (name) => {
    const record = read(provenanceSample(name));
    expect(record.builder).toBe('buildkit');
    expect(record.normaliser).toBeUndefined();
    expect(record.isComplete).toBe(name !== 'buildx-0.13.1-min');
  });

  test('v1 names its source; v0.2 secrets and arguments', () => {
    expect(read(provenanceSample('buildkit-v1-documented')).source).toEqual({
      url: 'https://github.com/example/app',
      revision: REVISION,
      context: '',
      dockerfile: 'Dockerfile',
      byBuildKit: false,
      isDirty: false,
    });
    const { secrets, args, materials } = read(provenanceSample('buildx-0.13.1-max'));
    expect(secrets).toEqual([{ id: 'npmrc', optional: true }]);
    expect([args['build-arg:VERSION'], materials.length]).toEqual(['7', 1]);
  });

  const dirty = { 'label:org.opencontainers.image.revision': `${REVISION}-dirty` };
  test.each<[string, object, object, object | undefined]>([
    [
      'a folder, and a Dockerfile in another',
      { 'localdir:context': 'app/', 'localdir:dockerfile': 'docker' },
      {},
      { context: 'app', dockerfile: 'docker/Dockerfile.prod', isDirty: false },
    ],
    [
      'the repository itself',
      { 'localdir:context': '.', 'localdir:dockerfile': '.' },
      {},
      { context: '', dockerfile: 'Dockerfile.prod' },
    ],
    [
      'dirty by buildx',
      { revision: `${REVISION}-dirty` },
      {},
      { revision: REVISION, isDirty: true },
    ],
    ['dirty by our label', {}, dirty, { revision: REVISION, isDirty: true }],
    ['no commit', { revision: undefined }, {}, undefined],
    ['no repository', { source: undefined }, {}, undefined],
  ])('%s', (_, vcs, args, source) => {
    const all = { vcs: { source: SOURCE, revision: REVISION, ...vcs } };
    const invocation = { configSource: { entryPoint: 'Dockerfile.prod' }, parameters: { args } };
    const record = read(v02(invocation, { 'https://mobyproject.org/buildkit@v1#metadata': all }));
    if (source === undefined) expect(record.source).toBeUndefined();
    else expect(record.source).toMatchObject(source);
  });

  test('a git URL as context; an archive is no source', () => {
    const from = (configSource: object) => read(v02({ configSource })).source;
    const uri = 'https://x.example/y.git#refs/heads/main:app';
    expect(from({ uri, digest: { sha1: REVISION }, entryPoint: 'Dockerfile' })).toEqual({
      url: 'https://x.example/y.git',
      revision: REVISION,
      context: 'app',
      dockerfile: 'app/Dockerfile',
      byBuildKit: true,
      isDirty: false,
    });
    expect(from({ uri: 'https://x.example/a.tar', digest: { sha256: 'aa' } })).toBeUndefined();
  });
});

describe('a statement of ours', () => {
  const made = (more: Partial<ProvenanceInput> = {}): unknown => {
    const statement = slsaProvenance({
      buildkit: provenanceSample('buildx-0.13.1-max'),
      buildkitDigest: undefined,
      toolVersion: '1.0.0',
      versions: {},
      normaliser: { version: '1-safe', mode: 'safe', rules: ['times'], touched: [] },
      ...more,
    });
    if (!statement.ok) throw new Error(statement.error);
    return statement.value;
  };

  test('tells epoch, rules and what the tree was', () => {
    const record = read(
      made({
        parameters: { sourceDateEpoch: 1_700_000_000, workingTree: 'dirty' },
        vcs: { source: SOURCE, revision: REVISION },
      }),
    );
    expect(record).toMatchObject({
      builder: 'scoville',
      epoch: 1_700_000_000,
      normaliser: { id: '1-safe', mode: 'safe' },
      args: { 'build-arg:NPM_TOKEN': '[masked]' },
      source: { isDirty: true },
    });
    // Without rules the layers are as BuildKit wrote them, compressed by us.
    expect(read(made({ normaliser: undefined })).normaliser).toEqual({ id: '', mode: 'off' });
  });

  test('names the artifact with what was fetched; what is not a digest with a size is none', () => {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const inputs = { mediaType, digest: `sha256:${'ab'.repeat(32)}` as Digest, size: 1234 };
    const artifactType = 'application/vnd.scoville.inputs.v1';
    const text = JSON.stringify(made({ inputs: { ...inputs, artifactType } }));
    expect(read(JSON.parse(text)).inputs).toEqual(inputs);
    for (const other of [text.replace('ab'.repeat(32), '../../x'), text.replace('1234', '-1')])
      expect(read(JSON.parse(other)).inputs).toBeUndefined();
  });
});

test('another builder’s statement, and what is none, are errors; wrong types read as absent', () => {
  expect(recordedBuild(v02({}, {}, 'https://other.example/build@v1'))).toEqual({
    ok: false,
    error: 'a build of type "https://other.example/build@v1" is not known here',
  });
  expect(recordedBuild('x').ok).toBe(false);
  const parameters = { secrets: 'x', ssh: [7], locals: [null], args: { a: 1 } };
  expect(read(v02({ parameters }))).toMatchObject({
    ...{ secrets: [], ssh: [{ id: '', optional: false }], args: {} },
  });
});
