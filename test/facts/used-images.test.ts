import { describe, expect, test } from 'vitest';
import { buildFact, imageOfPurl, usedImages } from '../../src/facts/build-facts.ts';
import type {
  DockerfileModel,
  ExternalImage,
  SourceRange,
  Stage,
} from '../../src/model/dockerfile.ts';
import { digestOf, parseReference } from '../../src/model/reference.ts';

const range = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 };
const one = digestOf('one');
const two = digestOf('two');

/** What an image of a line carries of its place. */
function onLine(startLine: number): SourceRange {
  return { ...range, startLine };
}

function external(kind: ExternalImage['kind'], text: string, line: number): ExternalImage {
  const parsed = parseReference(text);
  const reference = parsed.ok ? parsed.value : undefined;
  return { kind, text, reference, range: onLine(line) };
}

function stage(index: number, base: Stage['base']): Stage {
  return { index, base, range, instructions: [], needs: [] };
}

const builder = external('from', 'golang:1.24', 1);
const base = external('from', `gcr.io/distroless/static@${two}`, 5);
const model: DockerfileModel = {
  escape: '\\',
  globalArgs: {},
  stages: [
    stage(0, { kind: 'image', image: builder }),
    stage(1, { kind: 'image', image: base }),
    stage(2, { kind: 'stage', index: 1 }),
  ],
  target: 2,
  reached: [0, 1, 2],
  externalImages: [builder, base, external('copy-from', 'nginx', 7)],
};

describe('usedImages', () => {
  test('tells role, digest and who holds it', () => {
    const materials = [
      { uri: 'pkg:docker/golang@1.24?platform=linux%2Famd64', digest: { sha256: one.slice(7) } },
      { uri: 'pkg:docker/docker/dockerfile@1', digest: { sha256: 'c'.repeat(64) } },
      { uri: 'https://example.com/f.tgz', digest: { sha256: 'd'.repeat(64) } },
    ];
    const enforced = [{ text: 'docker.io/library/nginx:latest', digest: one }];
    const found = usedImages(model, enforced, materials).map((image) => [
      ...[image.text, image.digest, image.role, image.range?.startLine],
      ...[image.pinnedInDockerfile, image.pinnedByBuild],
    ]);
    expect(found).toEqual([
      ['golang:1.24', one, 'build-stage', 1, false, false],
      [`gcr.io/distroless/static@${two}`, two, 'base', 5, true, false],
      ['nginx', one, 'copy-from', 7, false, true],
      ['docker/dockerfile:1', `sha256:${'c'.repeat(64)}`, 'frontend', undefined, false, false],
    ]);
  });

  test('lists an image once, however BuildKit spells it', () => {
    const materials = [
      {
        uri: `pkg:docker/gcr.io/distroless/static?digest=${two}`,
        digest: { sha256: two.slice(7) },
      },
    ];
    expect(usedImages(model, [], materials)).toHaveLength(3);
  });
});

test.each([
  ['pkg:docker/node@22-slim?platform=linux%2Famd64', 'node:22-slim'],
  ['pkg:docker/ghcr.io/a/b@v1', 'ghcr.io/a/b:v1'],
  ['pkg:docker/localhost:5000/a@1', 'localhost:5000/a:1'],
  [`pkg:docker/a@${one}`, `a@${one}`],
  ['pkg:docker/a', 'a'],
  ['pkg:docker/%zz@1', undefined],
  ['https://example.com', undefined],
])('imageOfPurl %s', (uri, expected) => {
  expect(imageOfPurl(uri)).toBe(expected);
});

describe('buildFact', () => {
  const view = {
    materials: [],
    finishedOn: '2025-01-02T03:04:05Z',
    buildArgs: { SOURCE_DATE_EPOCH: '1700000000' },
  };
  const analysis = { installs: [], downloads: [], unread: [] };

  test('takes time and epoch from provenance, this build first', () => {
    const provenance = { view, source: 'unverified-attestation' as const };
    const stated = buildFact({ dockerfile: undefined, provenance });
    expect(stated).toMatchObject({
      known: true,
      source: 'unverified-attestation',
      value: {
        finishedAt: view.finishedOn,
        epoch: 1_700_000_000,
        dockerfile: { known: false },
        images: { known: false },
      },
    });
    const own = buildFact({
      dockerfile: { model, analysis, source: 'build' },
      provenance,
      epoch: 1,
      finishedAt: '2026-01-01T00:00:00Z',
    });
    expect(own).toMatchObject({
      value: { finishedAt: '2026-01-01T00:00:00Z', epoch: 1, analysis },
    });
  });

  test('leaves the steps open where some ran that the Dockerfile does not show', () => {
    const hidden = buildFact({
      dockerfile: { model, analysis, source: 'build' },
      provenance: {
        view: { ...view, steps: { commands: [['/bin/sh', '-c', 'hidden']], fetchesInFrom: false } },
        source: 'build',
      },
    });
    expect(hidden.known && hidden.value.analysis?.partial).toBe(
      'the build ran steps that its Dockerfile does not show, such as ONBUILD steps of a base image',
    );
  });

  test('does not believe a time that is none', () => {
    const fact = buildFact({
      dockerfile: undefined,
      provenance: {
        view: { ...view, finishedOn: 'soon', buildArgs: { SOURCE_DATE_EPOCH: 'x' } },
        source: 'build',
      },
    });
    expect(fact.known && [fact.value.finishedAt, fact.value.epoch]).toEqual([undefined, undefined]);
  });
});

test('an OCI layout that the build took as context is no image of that name', () => {
  const alone = { ...model, externalImages: [] };
  const uri = `pkg:oci/base?digest=${one}&platform=linux%2Famd64`;
  expect(usedImages(alone, [], [{ uri, digest: { sha256: one.slice(7) } }])).toEqual([
    {
      text: 'oci-layout://base',
      digest: one,
      pinnedInDockerfile: false,
      pinnedByBuild: false,
      role: 'build-context',
    },
  ]);
});
