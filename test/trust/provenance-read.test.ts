import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordedBuild } from '../../src/model/lock.ts';
import type { Digest } from '../../src/model/reference.ts';
import { BUILD_TYPE } from '../../src/trust/identity.ts';
import {
  parseProvenance,
  type ReadProvenance,
  recordedBuild,
} from '../../src/trust/provenance-read.ts';
import { type ProvenanceInput, slsaProvenance } from '../../src/trust/provenance.ts';
import { PROVENANCE_SAMPLES, provenanceSample } from './fixture-provenance.ts';

const BASE = {
  uri: 'pkg:docker/localhost%3A5000/provenance-sample/busybox@1?platform=linux%2Famd64',
  digest: { sha256: 'bbe92e7c378542f15d1698c37001e4304e1253a749bab1b0eef87bb5a483512c' },
};

function read(predicate: unknown): ReadProvenance {
  const result = parseProvenance(predicate);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('parseProvenance', () => {
  test('reads what buildx 0.13.1 wrote with mode=max', () => {
    const { dockerfile, raw, ...rest } = read(provenanceSample('buildx-0.13.1-max'));
    expect(rest).toEqual({
      builderId: '',
      buildType: 'https://mobyproject.org/buildkit@v1',
      materials: [BASE],
      startedOn: '2026-11-24T17:44:44.672601257Z',
      finishedOn: '2026-11-24T17:44:44.889758105Z',
      invocationId: 'uik0070bo4gfcfmd7szfi5aen',
      platform: 'linux/amd64',
      parametersComplete: true,
      replayed: false,
      steps: {
        commands: [['/bin/sh', '-c', 'echo "version ${VERSION}" > /version']],
        fetchesInFrom: false,
      },
      buildArgs: { NPM_TOKEN: 'abc-not-a-real-token', VERSION: '7' },
      buildContexts: {},
      target: undefined,
      frontend: { name: 'dockerfile.v0', source: undefined },
    });
    expect(raw).toMatchObject({
      configSource: { path: 'Dockerfile' },
      args: { 'label:team': 'sample', 'no-cache': '' },
      hermetic: false,
      materialsComplete: false,
    });
    expect(dockerfile?.name).toBe('Dockerfile');
    expect(dockerfile?.text).toMatch(
      /^# The sample build of test\/fixtures\/provenance\.\nARG BASE=/,
    );
    expect(dockerfile?.text).toMatch(/CMD \["\/bin\/cat", "\/version"\]\n$/);
  });

  test('reads what buildx 0.13.1 wrote with mode=min', () => {
    const min = read(provenanceSample('buildx-0.13.1-min'));
    expect(min).toMatchObject({ materials: [BASE], buildArgs: {}, parametersComplete: false });
    expect(min.dockerfile).toBeUndefined();
  });

  test.each(['buildkit-v1-documented', 'buildkit-v1-early'] as const)('reads %s', (name) => {
    const v1 = read(provenanceSample(name));
    const max = read(provenanceSample('buildx-0.13.1-max'));
    expect({ ...v1, raw: {} }).toEqual({ ...max, buildType: v1.buildType, raw: {} });
    expect(v1.raw.buildConfig).toEqual(max.raw.buildConfig);
    expect(v1.raw.args).toEqual(max.raw.args);
    expect(v1.raw.metadata['vcs']).toEqual({
      source: 'https://github.com/example/app',
      revision: '0123456789abcdef0123456789abcdef01234567',
    });
  });

  test('reads another builder: a named id, a git source, invocationId', () => {
    const foreign = read({
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: { workflow: { ref: 'refs/heads/main' } },
        resolvedDependencies: [
          { uri: 'git+https://github.com/o/r@refs/heads/main', digest: { gitCommit: 'abc' } },
        ],
      },
      runDetails: {
        builder: { id: 'https://github.com/actions/runner' },
        metadata: { invocationId: 'https://github.com/o/r/actions/runs/1/attempts/1' },
      },
    });
    expect(foreign).toMatchObject({
      builderId: 'https://github.com/actions/runner',
      materials: [
        { uri: 'git+https://github.com/o/r@refs/heads/main', digest: { gitCommit: 'abc' } },
      ],
      invocationId: 'https://github.com/o/r/actions/runs/1/attempts/1',
      dockerfile: undefined,
      finishedOn: undefined,
    });
  });

  test.each([
    [null, 'the provenance is not a JSON object'],
    [[], 'the provenance is not a JSON object'],
    ['text', 'the provenance is not a JSON object'],
    [{}, 'the provenance has the fields of neither SLSA v0.2 nor v1'],
    [{ builder: 'x' }, 'the provenance has the fields of neither SLSA v0.2 nor v1'],
  ])('refuses %j', (predicate, error) => {
    expect(parseProvenance(predicate)).toEqual({ ok: false, error });
  });

  test('wrong types read as absent', () => {
    const odd = read({
      builder: { id: 7 },
      materials: [{ uri: 1 }, null, 'x', { uri: 'u', digest: { sha256: 1, sha1: 'a' } }],
      invocation: { parameters: { args: [] }, configSource: 'x' },
      metadata: {
        buildStartedOn: {},
        [`https://mobyproject.org/buildkit@v1#metadata`]: {
          source: { infos: [{ data: '***' }] },
          vcs: 1,
        },
      },
    });
    expect(odd).toMatchObject({
      builderId: '',
      materials: [{ uri: 'u', digest: { sha1: 'a' } }],
      buildArgs: {},
      startedOn: undefined,
      dockerfile: undefined,
    });
  });

  test('takes the Dockerfile that the build was started with, and no other language', () => {
    const info = (filename: string, text: string, language: string): object => ({
      filename,
      language,
      data: Buffer.from(text).toString('base64'),
    });
    const predicate = {
      builder: { id: '' },
      invocation: { configSource: { entryPoint: 'b.Dockerfile' } },
      metadata: {
        ['https://mobyproject.org/buildkit@v1#metadata']: {
          source: {
            infos: [
              info('x.hcl', 'hcl', 'HCL'),
              info('a', 'FROM a', 'Dockerfile'),
              info('b.Dockerfile', 'FROM b', 'Dockerfile'),
            ],
          },
        },
      },
    };
    expect(read(predicate).dockerfile).toEqual({ name: 'b.Dockerfile', text: 'FROM b' });
  });

  test('reads what says that it is hermetic and complete, in each version', () => {
    const key = 'https://mobyproject.org/buildkit@v1#';
    const v02 = {
      builder: {},
      metadata: { [`${key}hermetic`]: true, completeness: { materials: true } },
    };
    const metadata = {
      buildkit_hermetic: true,
      buildkit_completeness: { resolvedDependencies: true },
    };
    for (const predicate of [v02, { buildDefinition: {}, runDetails: { metadata } }])
      expect(read(predicate).raw).toMatchObject({ hermetic: true, materialsComplete: true });
  });

  test('an argument named __proto__ stays an argument', () => {
    const predicate: unknown = JSON.parse(
      '{"builder":{"id":""},"invocation":{"parameters":{"args":{"build-arg:__proto__":"x"}}}}',
    );
    const { buildArgs } = read(predicate);
    expect(Object.entries(buildArgs)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(buildArgs)).toBe(Object.prototype);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        parseProvenance(a);
        parseProvenance({ builder: {}, invocation: a, metadata: b, materials: a });
        parseProvenance({
          buildDefinition: { externalParameters: a, resolvedDependencies: b },
          runDetails: b,
        });
      }),
    );
  });
});

test('that a build was replayed is read of our own statements alone', () => {
  const of = (buildType: string, fetches: unknown) => {
    const internalParameters = { scoville: { fetches } };
    const read = parseProvenance({ buildDefinition: { buildType, internalParameters } });
    return read.ok && read.value.replayed;
  };
  expect(of(BUILD_TYPE, 'replayed')).toBe(true);
  expect(of(BUILD_TYPE, 'replayed-incomplete')).toBe(false);
  expect(of(BUILD_TYPE, 'recorded')).toBe(false);
  expect(of(BUILD_TYPE, undefined)).toBe(false);
  expect(of('https://example.com/other', 'replayed')).toBe(false);
});

const DOCKERFILE = 'FROM base\nRUN make\nADD https://e.com/x /\n';
const exec = { Op: { exec: { meta: { args: ['/bin/sh', '-c', 'make'] } } }, constraints: {} };
const address = { Op: { source: { identifier: 'https://e.com/x', attrs: {} } } };
const image = { Op: { source: { identifier: 'docker-image://docker.io/library/x', attrs: {} } } };
const MAKE = ['/bin/sh', '-c', 'make'];

function recordedSteps(buildConfig: unknown, locations: unknown, dockerfile?: string): unknown {
  const infos = dockerfile === undefined ? [] : [{ data: btoa(dockerfile) }];
  const read = parseProvenance({
    buildDefinition: { internalParameters: { buildConfig } },
    runDetails: { metadata: { buildkit_metadata: { source: { infos, locations } } } },
  });
  return read.ok ? read.value.steps : read.error;
}

function steps(op: unknown, ...lines: readonly number[]): unknown {
  const places = lines.map((line) => ({ ranges: [{ start: { line }, end: { line } }] }));
  const locations = { step0: { locations: places } };
  return recordedSteps({ llbDefinition: [{ id: 'step0', op }] }, locations, DOCKERFILE);
}

describe('the steps that BuildKit recorded', () => {
  test.each([
    ['a command', exec, [2], [MAKE], false],
    ['a command as a later BuildKit may write it', exec.Op, [2], [MAKE], false],
    ['a command without words', { exec: {} }, [2], [[]], false],
    ['an ADD', address, [3], [], false],
    ['the ONBUILD ADD of a base', address, [1], [], true],
    ['a context from an address, which has no place', address, [], [], false],
    ['the base itself', image, [1], [], false],
    ['a step that is none', { Op: null }, [1], [], false],
  ])('%s', (_name, op, lines, commands, fetchesInFrom) => {
    expect(steps(op, ...lines)).toEqual({ commands, fetchesInFrom });
  });

  test('are not known without any, or without the file', () => {
    expect(recordedSteps(undefined, {}, DOCKERFILE)).toBeUndefined();
    expect(recordedSteps({ llbDefinition: [] }, {})).toBeUndefined();
    expect(recordedSteps({ llbDefinition: [null, 7, { op: 3 }] }, null, DOCKERFILE)).toEqual({
      commands: [],
      fetchesInFrom: false,
    });
  });

  test.each([
    ['buildx-0.13.1-max', 1],
    ['buildx-0.13.1-min', undefined],
    ['buildkit-v1-early', 1],
    ['buildkit-v1-documented', 1],
  ] as const)('%s', (name, count) => {
    const read = parseProvenance(provenanceSample(name));
    expect(read.ok && read.value.steps?.commands.length).toBe(count);
  });
});

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const SOURCE = 'https://x.example/y';

function recorded(predicate: unknown): RecordedBuild {
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
    const record = recorded(provenanceSample(name));
    expect(record.builder).toBe('buildkit');
    expect(record.normaliser).toBeUndefined();
    expect(record.isComplete).toBe(name !== 'buildx-0.13.1-min');
  });

  test('v1 names its source; v0.2 secrets and arguments', () => {
    expect(recorded(provenanceSample('buildkit-v1-documented')).source).toEqual({
      url: 'https://github.com/example/app',
      revision: REVISION,
      context: '',
      dockerfile: 'Dockerfile',
      byBuildKit: false,
      isDirty: false,
    });
    const { secrets, args, materials } = recorded(provenanceSample('buildx-0.13.1-max'));
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
    const record = recorded(
      v02(invocation, { 'https://mobyproject.org/buildkit@v1#metadata': all }),
    );
    if (source === undefined) expect(record.source).toBeUndefined();
    else expect(record.source).toMatchObject(source);
  });

  test('a git URL as context; an archive is no source', () => {
    const from = (configSource: object) => recorded(v02({ configSource })).source;
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
    const record = recorded(
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
    expect(recorded(made({ normaliser: undefined })).normaliser).toEqual({ id: '', mode: 'off' });
  });

  test('names the artifact with what was fetched; what is not a digest with a size is none', () => {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const inputs = { mediaType, digest: `sha256:${'ab'.repeat(32)}` as Digest, size: 1234 };
    const artifactType = 'application/vnd.scoville.inputs.v1';
    const text = JSON.stringify(made({ inputs: { ...inputs, artifactType } }));
    expect(recorded(JSON.parse(text)).inputs).toEqual(inputs);
    for (const other of [text.replace('ab'.repeat(32), '../../x'), text.replace('1234', '-1')])
      expect(recorded(JSON.parse(other)).inputs).toBeUndefined();
  });
});

test('another builder’s statement, and what is none, are errors; wrong types read as absent', () => {
  expect(recordedBuild(v02({}, {}, 'https://other.example/build@v1'))).toEqual({
    ok: false,
    error: 'a build of type "https://other.example/build@v1" is not known here',
  });
  expect(recordedBuild('x').ok).toBe(false);
  const parameters = { secrets: 'x', ssh: [7], locals: [null], args: { a: 1 } };
  expect(recorded(v02({ parameters }))).toMatchObject({
    ...{ secrets: [], ssh: [{ id: '', optional: false }], args: {} },
  });
});
