import { describe, expect, test } from 'vitest';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { parseProvenance } from '../../src/trust/provenance-read.ts';
import {
  type ProvenanceInput,
  slsaProvenance,
  type SlsaProvenance,
} from '../../src/trust/provenance.ts';
import { PROVENANCE_SAMPLES, provenanceSample } from './fixture-provenance.ts';

const BUILDKIT_DIGEST = digestOf('BuildKit wrote this');

function input(over: Partial<ProvenanceInput> = {}): ProvenanceInput {
  return {
    buildkit: provenanceSample('buildx-0.13.1-max'),
    buildkitDigest: BUILDKIT_DIGEST,
    toolVersion: '0.1.0',
    versions: { docker: '26.1.5', buildx: '0.13.1' },
    parameters: { sourceDateEpoch: 1_700_000_000, pin: true },
    normaliser: {
      version: '1',
      mode: 'safe',
      rules: ['times', 'apt-logs'],
      touched: [
        { path: 'var/log/dpkg.log', rule: 'apt-logs' },
        { path: 'var/log/apt/term.log', rule: 'apt-logs' },
      ],
    },
    ...over,
  };
}

function made(over: Partial<ProvenanceInput> = {}): SlsaProvenance {
  const result = slsaProvenance(input(over));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('slsaProvenance', () => {
  test('names builder, versions, invocation and times', () => {
    const { runDetails, buildDefinition } = made();
    expect(buildDefinition.buildType).toBe('pkg:npm/scoville#docs/attestations.md');
    expect(runDetails.builder).toEqual({
      id: 'pkg:npm/scoville',
      version: { scoville: '0.1.0', docker: '26.1.5', buildx: '0.13.1' },
    });
    expect(runDetails.metadata).toMatchObject({
      invocationId: 'uik0070bo4gfcfmd7szfi5aen',
      startedOn: '2026-11-24T17:44:44.672601257Z',
      finishedOn: '2026-11-24T17:44:44.889758105Z',
      buildkit_hermetic: false,
      buildkit_completeness: { request: true, resolvedDependencies: false },
    });
    expect(runDetails.metadata).not.toHaveProperty('buildkit_builderId');
  });

  test('the checkout is the one that is given, and BuildKit’s where none is', () => {
    const vcs = { source: 'https://example.com/r.git', revision: 'abc-dirty' };
    const sample = provenanceSample('buildx-0.13.1-max') as { metadata: object };
    const key = 'https://mobyproject.org/buildkit@v1#metadata';
    const theirs = { vcs: { revision: 'theirs' } };
    const buildkit = { ...sample, metadata: { ...sample.metadata, [key]: theirs } };
    const vcsOf = (given: object) =>
      made({ buildkit, ...given }).runDetails.metadata['buildkit_metadata'];
    expect(vcsOf({ vcs })).toHaveProperty('vcs', vcs);
    expect(vcsOf({})).toHaveProperty('vcs', theirs.vcs);
  });

  test('keeps whom BuildKit named as builder', () => {
    const buildkit = {
      ...Object(provenanceSample('buildx-0.13.1-max')),
      builder: { id: 'https://ci.example.com/run/1' },
    } as unknown;
    const { runDetails } = made({ buildkit });
    expect(runDetails.builder.id).toBe('pkg:npm/scoville');
    expect(runDetails.metadata['buildkit_builderId']).toBe('https://ci.example.com/run/1');
  });

  test('keeps the Dockerfile and leaves out layers that the normaliser replaced', () => {
    const before = parseProvenance(provenanceSample('buildx-0.13.1-max'));
    const after = parseProvenance(made());
    expect(after.ok && after.value.dockerfile).toEqual(before.ok && before.value.dockerfile);
    expect(JSON.stringify(made())).not.toContain('"layers"');
  });

  test('says what was normalised, and what BuildKit had made', () => {
    const { buildDefinition, runDetails } = made();
    expect(buildDefinition.internalParameters['scoville']).toEqual({
      sourceDateEpoch: 1_700_000_000,
      pin: true,
      normaliser: { version: '1', mode: 'safe', rules: ['apt-logs', 'times'] },
    });
    const [image, files] = runDetails.byproducts;
    expect(image).toEqual({
      name: 'buildkit-image',
      digest: { sha256: digestHex(BUILDKIT_DIGEST) },
    });
    const content = Buffer.from(files?.content ?? '', 'base64').toString();
    expect(JSON.parse(content)).toEqual([
      { rule: 'apt-logs', count: 2, paths: ['var/log/apt/term.log', 'var/log/dpkg.log'] },
    ]);
    expect(files).toMatchObject({
      name: 'normalised-files',
      digest: { sha256: digestHex(digestOf(content)) },
      annotations: { 'apt-logs': 2 },
    });
  });

  test('nothing normalised: no list, and null says so', () => {
    const { buildDefinition, runDetails } = made({
      normaliser: undefined,
      buildkitDigest: undefined,
    });
    expect(buildDefinition.internalParameters['scoville']).toMatchObject({ normaliser: null });
    expect(runDetails.byproducts).toEqual([]);
  });

  test('adds materials that BuildKit does not know, each once', () => {
    const git = { uri: 'git+https://user:pw@example.com/app@main', digest: { gitCommit: 'abc' } };
    const { resolvedDependencies } = made({ materials: [git, git] }).buildDefinition;
    expect(resolvedDependencies).toEqual([
      { ...git, uri: 'git+https://[masked]@example.com/app@main' },
      {
        uri: 'pkg:docker/localhost%3A5000/provenance-sample/busybox@1?platform=linux%2Famd64',
        digest: { sha256: 'bbe92e7c378542f15d1698c37001e4304e1253a749bab1b0eef87bb5a483512c' },
      },
    ]);
  });

  test.each(PROVENANCE_SAMPLES)('no secret value of %s is in it', (name) => {
    const text = JSON.stringify(made({ buildkit: provenanceSample(name) }));
    expect(text).not.toContain('abc-not-a-real-token');
    expect(text.includes('NPM_TOKEN=[masked]')).toBe(name !== 'buildx-0.13.1-min');
  });

  test('innocent arguments stay', () => {
    const { request } = made().buildDefinition.externalParameters as { request: object };
    expect(request).toEqual({
      frontend: 'dockerfile.v0',
      args: {
        'build-arg:NPM_TOKEN': '[masked]',
        'build-arg:VERSION': '7',
        'label:team': 'sample',
        'no-cache': '',
      },
      secrets: [{ id: 'npmrc', optional: true }],
      locals: [{ name: 'context' }, { name: 'dockerfile' }],
    });
  });

  test.each(PROVENANCE_SAMPLES)('what it writes from %s, our own reader reads', (name) => {
    const before = parseProvenance(provenanceSample(name));
    const after = parseProvenance(made({ buildkit: provenanceSample(name) }));
    if (!before.ok || !after.ok) throw new Error('unreadable');
    const { materials, platform, frontend, dockerfile, parametersComplete, raw } = before.value;
    expect(after.value).toMatchObject({
      builderId: 'pkg:npm/scoville',
      ...{ materials, platform, frontend, dockerfile, parametersComplete },
      raw: { configSource: raw.configSource },
    });
  });

  test('without a readable statement of BuildKit there is none of ours', () => {
    expect(slsaProvenance(input({ buildkit: {} }))).toEqual({
      ok: false,
      error: 'the provenance has the fields of neither SLSA v0.2 nor v1',
    });
  });
});
