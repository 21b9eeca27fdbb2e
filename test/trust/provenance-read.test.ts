import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILD_TYPE } from '../../src/trust/identity.ts';
import { parseProvenance, type ReadProvenance } from '../../src/trust/provenance-read.ts';
import { provenanceSample } from './fixture-provenance.ts';

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
