import { describe, expect, test } from 'vitest';
import type { RecordedBuild } from '../../src/model/lock.ts';
import type { Digest } from '../../src/model/reference.ts';
import { recordedBuild } from '../../src/trust/provenance-read.ts';
import { slsaProvenance } from '../../src/trust/provenance.ts';
import { PROVENANCE_SAMPLES, provenanceSample } from './fixture-provenance.ts';

const REVISION = '0123456789abcdef0123456789abcdef01234567';

function read(predicate: unknown): RecordedBuild {
  const record = recordedBuild(predicate);
  if (!record.ok) throw new Error(record.error);
  return record.value;
}

function v02(
  invocation: object,
  metadata: object = {},
  buildType = 'https://mobyproject.org/buildkit@v1',
): unknown {
  return { builder: { id: '' }, buildType, invocation, metadata };
}

function vcs(values: Readonly<Record<string, string>>, args = {}): RecordedBuild {
  return read(
    v02(
      { configSource: { entryPoint: 'Dockerfile.prod' }, parameters: { args } },
      { 'https://mobyproject.org/buildkit@v1#metadata': { vcs: values } },
    ),
  );
}

describe('a statement of BuildKit', () => {
  test.each(PROVENANCE_SAMPLES)('%s is read', (name) => {
    const record = read(provenanceSample(name));
    expect(record.builder).toBe('buildkit');
    expect(record.normaliser).toBeUndefined();
    expect(record.isComplete).toBe(name !== 'buildx-0.13.1-min');
  });

  test('v1 names its source', () => {
    expect(read(provenanceSample('buildkit-v1-documented')).source).toEqual({
      url: 'https://github.com/example/app',
      revision: REVISION,
      context: '',
      dockerfile: 'Dockerfile',
      byBuildKit: false,
      isDirty: false,
    });
  });

  test('secrets and arguments of v0.2', () => {
    const { secrets, args, materials } = read(provenanceSample('buildx-0.13.1-max'));
    expect(secrets).toEqual([{ id: 'npmrc', optional: true }]);
    expect(args['build-arg:VERSION']).toBe('7');
    expect(materials).toHaveLength(1);
  });

  test('a folder of a repository, and a Dockerfile in another', () => {
    const source = 'https://x.example/y';
    expect(
      vcs({
        source,
        revision: REVISION,
        'localdir:context': 'app/',
        'localdir:dockerfile': 'docker',
      }).source,
    ).toMatchObject({ context: 'app', dockerfile: 'docker/Dockerfile.prod', isDirty: false });
    expect(
      vcs({ source, revision: REVISION, 'localdir:context': '.', 'localdir:dockerfile': '.' })
        .source,
    ).toMatchObject({ context: '', dockerfile: 'Dockerfile.prod' });
  });

  test('a dirty tree, by buildx’ own mark or by the label of ours', () => {
    const source = 'https://x.example/y';
    expect(vcs({ source, revision: `${REVISION}-dirty` }).source).toMatchObject({
      revision: REVISION,
      isDirty: true,
    });
    const label = { 'label:org.opencontainers.image.revision': `${REVISION}-dirty` };
    expect(vcs({ source, revision: REVISION }, label).source?.isDirty).toBe(true);
  });

  test('a git URL as context', () => {
    const record = read(
      v02({
        configSource: {
          uri: 'https://x.example/y.git#refs/heads/main:app',
          digest: { sha1: REVISION },
          entryPoint: 'Dockerfile',
        },
      }),
    );
    expect(record.source).toEqual({
      url: 'https://x.example/y.git',
      revision: REVISION,
      context: 'app',
      dockerfile: 'app/Dockerfile',
      byBuildKit: true,
      isDirty: false,
    });
  });

  test('without a repository or a commit there is no source', () => {
    expect(vcs({ source: 'https://x.example/y' }).source).toBeUndefined();
    expect(vcs({ revision: REVISION }).source).toBeUndefined();
    const archive = read(
      v02({ configSource: { uri: 'https://x.example/a.tar', digest: { sha256: 'aa' } } }),
    );
    expect(archive.source).toBeUndefined();
  });
});

describe('a statement of ours', () => {
  const input = {
    buildkit: provenanceSample('buildx-0.13.1-max'),
    buildkitDigest: undefined,
    toolVersion: '1.0.0',
    versions: {},
    normaliser: { version: '1-safe', mode: 'safe', rules: ['times'], touched: [] },
  } as const;

  test('tells epoch, rules and what the tree was', () => {
    const made = slsaProvenance({
      ...input,
      parameters: { sourceDateEpoch: 1_700_000_000, workingTree: 'dirty' },
      vcs: { source: 'https://x.example/y', revision: REVISION },
    });
    if (!made.ok) throw new Error(made.error);
    const record = read(made.value);
    expect(record).toMatchObject({
      builder: 'scoville',
      epoch: 1_700_000_000,
      normaliser: { id: '1-safe', mode: 'safe' },
    });
    expect(record.args['build-arg:NPM_TOKEN']).toBe('[masked]');
    expect(record.source?.isDirty).toBe(true);
  });

  test('names the artifact with what was fetched; what is not a digest with a size is none', () => {
    const inputs = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: `sha256:${'ab'.repeat(32)}` as Digest,
      size: 1234,
    };
    const made = slsaProvenance({
      ...input,
      inputs: { ...inputs, artifactType: 'application/vnd.scoville.inputs.v1' },
    });
    if (!made.ok) throw new Error(made.error);
    expect(read(made.value).inputs).toEqual(inputs);
    const text = JSON.stringify(made.value);
    for (const other of [text.replace('ab'.repeat(32), '../../x'), text.replace('1234', '-1')])
      expect(read(JSON.parse(other)).inputs).toBeUndefined();
  });

  test('without rules the layers are as BuildKit wrote them, compressed by us', () => {
    const made = slsaProvenance({ ...input, normaliser: undefined });
    if (!made.ok) throw new Error(made.error);
    expect(read(made.value).normaliser).toEqual({ id: '', mode: 'off' });
  });
});

test('another builder’s statement, and what is none, are errors', () => {
  expect(recordedBuild(v02({}, {}, 'https://other.example/build@v1'))).toEqual({
    ok: false,
    error: 'a build of type "https://other.example/build@v1" is not known here',
  });
  expect(recordedBuild('x').ok).toBe(false);
});

test('wrong types read as absent', () => {
  const record = read(
    v02({ parameters: { secrets: 'x', ssh: [7], locals: [null], args: { a: 1 } } }),
  );
  expect(record).toMatchObject({ secrets: [], ssh: [{ id: '', optional: false }], args: {} });
});
