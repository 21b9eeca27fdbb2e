import { describe, expect, test } from 'vitest';
import { cleanText } from '../../src/lib/text.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { tooLarge, unreadable } from '../../src/trust/identity.ts';
import { parseProvenance } from '../../src/trust/provenance-read.ts';
import {
  normalisedFiles,
  type ProvenanceInput,
  SecretMask,
  slsaProvenance,
} from '../../src/trust/provenance.ts';
import { type DocumentInputs, earlyStatements } from '../../src/trust/sign.ts';
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

function made(over: Partial<ProvenanceInput> = {}) {
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
    const content = Buffer.from(
      files && 'content' in files ? files.content : '',
      'base64',
    ).toString();
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

const contentOf = (touched: readonly { path: string; rule: string }[]): unknown =>
  JSON.parse(Buffer.from(normalisedFiles(touched).content, 'base64').toString());

describe('normalisedFiles', () => {
  test('groups by rule, sorted, a path that two layers hold once', () => {
    const touched = [
      { path: 'z', rule: 'b' },
      { path: 'y', rule: 'a' },
      { path: 'x', rule: 'b' },
      { path: 'z', rule: 'b' },
    ];
    expect(contentOf(touched)).toEqual([
      { rule: 'a', count: 1, paths: ['y'] },
      { rule: 'b', count: 2, paths: ['x', 'z'] },
    ]);
    expect(normalisedFiles([...touched].reverse())).toEqual(normalisedFiles(touched));
  });

  test('counts more files than it lists', () => {
    const touched = Array.from({ length: 1500 }, (_, index) => ({
      path: `p${String(index).padStart(4, '0')}`,
      rule: 'a',
    }));
    expect(normalisedFiles(touched).annotations).toEqual({ a: 1500 });
    const [entry] = contentOf(touched) as [{ count: number; paths: string[] }];
    expect([entry.count, entry.paths.length, entry.paths.at(-1)]).toEqual([1500, 1000, 'p0999']);
  });
});

const MiB = 1024 * 1024;

test.each([
  [2 * MiB, 'keyless', undefined],
  [2 * MiB + 1, 'keyless', '2.1 MB, more than a transparency log takes (2 MiB)'],
  // What Rekor refused, cosign#3599.
  [3_500_000, 'keyless', '3.5 MB, more than a transparency log takes (2 MiB)'],
  [8 * MiB, 'key', undefined],
  [9 * MiB, 'key', '9.4 MB, more than readers of statements take (8 MiB)'],
] as const)('%i bytes, %s', (bytes, signedBy, reason) => {
  expect(tooLarge(bytes, signedBy)).toBe(reason);
});

test('what a key signs is within what readers take, in base64', () => {
  expect(Math.ceil((8 * MiB) / 3) * 4).toBeLessThan(16 * MiB);
});

test('what no reader takes, in base64 and with what is around it', () => {
  expect(unreadable(11 * MiB)).toBeUndefined();
  expect(Math.ceil((11 * MiB) / 3) * 4).toBeLessThan(15 * MiB);
  expect(unreadable(12 * MiB)).toBe('12.6 MB, and readers take 11 MiB');
});

const descriptor = { mediaType: 'm', digest: digestOf('a'), size: 1 };

/** A build that fetched so many addresses. */
function inputs(count: number): DocumentInputs {
  const fetches = Array.from({ length: count }, (_, at) => ({
    address: `https://a.example/${at}/${'x'.repeat(4000)}`,
    digest: digestOf(`${at}`),
    size: 1,
  }));
  const predicate = provenanceSample('buildx-0.13.1-max');
  return {
    image: {
      index: descriptor,
      platforms: [{ descriptor, built: { descriptor, provenance: { predicate } }, touched: [] }],
    },
    plan: {
      attest: { provenance: { on: true } },
      settings: { reproducible: { mode: 'safe' } },
    },
    recording: { fetches: new Map([['build', fetches]]), incomplete: new Map() },
    toolVersion: '0.1.0',
    env: {},
    versions: {},
    normaliser: { version: '1', rules: [] },
    startedOn: '2026-01-01T00:00:00Z',
    finishedOn: '2026-01-01T00:00:00Z',
  } as unknown as DocumentInputs;
}

test('provenance that no reader would take ends the build', () => {
  expect(earlyStatements(inputs(10)).map(({ predicateType }) => predicateType)).toContain(
    'https://slsa.dev/provenance/v1',
  );
  expect(() => earlyStatements(inputs(3000))).toThrow(
    /^the provenance has 12\.\d MB, and readers take 11 MiB$/,
  );
});

describe('SecretMask', () => {
  const mask = new SecretMask({
    'build-arg:NPM_TOKEN': 'hunter2hunter2',
    'build-arg:SHORT_TOKEN': 'a',
    'build-arg:VERSION': '1.2.3',
  });

  test('masks a value of several lines line by line too, but for short ones', () => {
    const key = '-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\n==x\n';
    const lines = new SecretMask({ 'build-arg:DEPLOY_KEY': key });
    expect(lines.known('#7 0.1 MIIEvQIBADANBg\n#7 0.1 ==x')).toBe('#7 0.1 [masked]\n#7 0.1 ==x');
    expect(lines.known(`a ${key}b`)).toBe('a [masked]b');
  });

  test('masks a value as it is once its control characters are gone', () => {
    const value = 'hunter\u001b[31mtwo\u2028more';
    const known = new SecretMask({ 'build-arg:NPM_TOKEN': value });
    expect(known.known(`#7 0.1 ${cleanText(value)} b`)).toBe('#7 0.1 [masked] b');
  });

  test('masks secret arguments by name, keeps others', () => {
    expect(
      mask.args({
        'build-arg:NPM_TOKEN': 'hunter2hunter2',
        'build-arg:EMPTY_TOKEN': '',
        'build-arg:V': '1',
        target: 'app',
      }),
    ).toEqual({
      'build-arg:NPM_TOKEN': '[masked]',
      'build-arg:EMPTY_TOKEN': '',
      'build-arg:V': '1',
      target: 'app',
    });
  });

  test.each([
    ['echo hunter2hunter2 > x', 'echo [masked] > x'],
    ['NPM_TOKEN=other', 'NPM_TOKEN=[masked]'],
    ['VERSION=1.2.3', 'VERSION=1.2.3'],
    ['a is not masked', 'a is not masked'],
    ['https://user:pw@example.com/x', 'https://[masked]@example.com/x'],
    ['http://proxy.example.com:3128', 'http://proxy.example.com:3128'],
    ['git@github.com:o/r.git', 'git@github.com:o/r.git'],
    [`use ghp_${'a'.repeat(36)} here`, 'use [masked] here'],
    [`AKIA${'A'.repeat(16)}`, '[masked]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc', '[masked]'],
  ])('%j becomes %j', (text, masked) => {
    expect(mask.text(text)).toBe(masked);
  });

  test('masks JSON all the way down, keys too', () => {
    expect(
      mask.json({ env: ['A=1', 'NPM_TOKEN=x'], n: 1, b: null, hunter2hunter2: ['hunter2hunter2'] }),
    ).toEqual({
      env: ['A=1', 'NPM_TOKEN=[masked]'],
      n: 1,
      b: null,
      '[masked]': ['[masked]'],
    });
  });

  test('leaves out what nests deeper than anything that BuildKit writes', () => {
    let deep: unknown = 'hunter2hunter2';
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(JSON.stringify(mask.json(deep))).toBe(`${'['.repeat(101)}null${']'.repeat(101)}`);
  });

  test('a value within another leaves no rest', () => {
    const both = new SecretMask({
      'build-arg:A_TOKEN': 'secret',
      'build-arg:B_TOKEN': 'secret-longer',
    });
    expect(both.text('x secret-longer y secret')).toBe('x [masked] y [masked]');
  });
});

test('labels stand in the image for everyone, so their names mask nothing', () => {
  const args = {
    'label:dev.scoville.secrets': 'by-file',
    'label:org.example.token': 'abcdefgh',
    'build-arg:API_TOKEN': 'hunter2hunter2',
  };
  const mask = new SecretMask(args);
  expect(mask.args(args)).toEqual({ ...args, 'build-arg:API_TOKEN': '[masked]' });
  expect(mask.text('secrets by-file, not hunter2hunter2')).toBe('secrets by-file, not [masked]');
});
