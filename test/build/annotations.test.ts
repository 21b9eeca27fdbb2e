import { expect, test } from 'vitest';
import {
  type AnnotationInputs,
  decideEpoch,
  type EpochInputs,
  imageNames,
  labelsFromFlags,
  labelsOf,
  parseAnnotations,
  planAnnotations,
} from '../../src/build/annotations.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { digest, dockerfile } from './given.ts';

const NOTHING_BY_USER = {
  index: {},
  indexDescriptor: {},
  manifest: {},
  manifestDescriptor: {},
  byPlatform: [],
};

const INPUTS: AnnotationInputs = {
  settings: DEFAULT_SETTINGS,
  git: {
    commit: 'c0ffee',
    committedAt: 1_700_000_000,
    remoteUrl: 'https://me:secret@example.com/acme/app.git',
    exactTag: 'v1.2.0',
    dirty: false,
  },
  created: '2023-11-14T22:13:20Z',
  fallbackTitle: 'app',
  base: { name: 'docker.io/library/node:22', digest: digest('a') },
  dockerfileLabels: {},
  userLabels: {},
  userAnnotations: NOTHING_BY_USER,
};

const OCI = 'org.opencontainers.image.';

function planned(more: Partial<AnnotationInputs>) {
  return planAnnotations({ ...INPUTS, ...more });
}

test('git and the build say what they know, on index, manifest and labels alike', () => {
  const values = {
    [`${OCI}base.digest`]: digest('a'),
    [`${OCI}base.name`]: 'docker.io/library/node:22',
    [`${OCI}created`]: '2023-11-14T22:13:20Z',
    [`${OCI}revision`]: 'c0ffee',
    [`${OCI}source`]: 'https://example.com/acme/app',
    [`${OCI}title`]: 'app',
    [`${OCI}version`]: 'v1.2.0',
  };
  const plan = planned({});
  expect([plan.index, plan.manifest, plan.labels]).toEqual([values, values, values]);
  expect(Object.keys(plan.index)).toEqual(Object.keys(plan.index).toSorted());
});

test('a changed working tree is marked and has no version', () => {
  const git = { commit: 'c0ffee', committedAt: 0, exactTag: 'v1', dirty: true };
  const { index } = planned({ git });
  expect(index[`${OCI}revision`]).toBe('c0ffee-dirty');
  expect(index[`${OCI}version`]).toBeUndefined();
});

test('--annotation, --label, settings, LABEL, git: the first decides', () => {
  const key = `${OCI}title`;
  const settings = { ...DEFAULT_SETTINGS, image: { title: 'settings', annotations: {} } };
  const dockerfileLabels = { [key]: 'LABEL' };
  const userLabels = { [key]: 'label' };
  const userAnnotations = { ...NOTHING_BY_USER, index: { [key]: 'a' }, manifest: { [key]: 'a' } };
  const titles = (more: Partial<AnnotationInputs>) => {
    const { index, manifest, labels } = planned(more);
    return [index[key], manifest[key], labels[key]];
  };
  expect(titles({})).toEqual(['app', 'app', 'app']);
  expect(titles({ dockerfileLabels })).toEqual(['LABEL', 'LABEL', undefined]);
  expect(titles({ dockerfileLabels, settings })).toEqual(['settings', 'settings', 'settings']);
  expect(titles({ dockerfileLabels, settings, userLabels })).toEqual(['label', 'label', undefined]);
  expect(titles({ settings, userLabels, userAnnotations })).toEqual(['a', 'a', undefined]);
  expect(titles({ settings, userAnnotations })).toEqual(['a', 'a', 'a']);
});

test('values are one clean line of bounded length', () => {
  const image = {
    title: 'a\u001b[31m\nb\u202ec ',
    description: 'x'.repeat(5000),
    annotations: {},
  };
  const { index } = planned({ settings: { ...DEFAULT_SETTINGS, image } });
  expect(index[`${OCI}title`]).toBe('a [31m bc');
  expect(index[`${OCI}description`]).toHaveLength(1024);
  const smile = { title: `${'x'.repeat(1023)}😀`, annotations: {} };
  const cut = planned({ settings: { ...DEFAULT_SETTINGS, image: smile } });
  expect(cut.index[`${OCI}title`]).toBe('x'.repeat(1023));
});

test('a value of control characters only is left out', () => {
  const image = { title: '\u0007', annotations: {} };
  expect(planned({ settings: { ...DEFAULT_SETTINGS, image } }).index).not.toHaveProperty(
    `${OCI}title`,
  );
});

test('each level has its own; without a level, manifest and index', () => {
  expect(
    parseAnnotations([
      'a=1',
      'index:b=2=3',
      'manifest,index-descriptor:c=',
      'manifest[linux/arm64]:d=4',
      'manifest-descriptor:e=5',
      'manifest-descriptor[linux/amd64]:f=8',
      'index[linux/amd64]:g=9',
      '',
      'a=6',
      'manifest:__proto__=7',
    ]),
  ).toEqual({
    ok: true,
    value: {
      // There is one index, whatever platform is named.
      index: { a: '6', b: '2=3', g: '9' },
      indexDescriptor: { c: '' },
      manifest: { a: '6', c: '', ['__proto__']: '7' },
      manifestDescriptor: { e: '5' },
      byPlatform: [
        { platform: 'linux/arm64', level: 'manifest', key: 'd', value: '4' },
        { platform: 'linux/amd64', level: 'manifestDescriptor', key: 'f', value: '8' },
      ],
    },
  });
});

test.each([
  ['a', 'invalid annotation "a", expected key=value'],
  [
    'Index:a=1',
    'invalid annotation type "Index", expected type and optional platform in square brackets',
  ],
  ['layer:a=1', 'unknown annotation type "layer"'],
  [
    'manifest[a/b/c/d]:a=1',
    'invalid platform "a/b/c/d": "a/b/c/d": cannot parse platform specifier: invalid argument',
  ],
  ['constructor:a=1', 'unknown annotation type "constructor"'],
])('%s is refused in the words of buildx', (text, error) => {
  expect(parseAnnotations([text])).toEqual({ ok: false, error });
});

test('names are full, each once, in order', () => {
  expect(imageNames(['app', 'docker.io/library/app:latest', 'r:5000/a/b:1', 'u/x'], ['z'])).toEqual(
    {
      ok: true,
      value: ['docker.io/library/app:latest', 'r:5000/a/b:1', 'docker.io/u/x:latest'],
    },
  );
});

test.each([
  ['App', 'invalid tag "App": repository name must be lowercase'],
  ['a b', 'invalid tag "a b": invalid reference format'],
  ['a:', 'invalid tag "a:": invalid reference format'],
  [
    `a@sha256:${'0'.repeat(64)}`,
    `invalid tag "a@sha256:${'0'.repeat(64)}": refusing to create a tag with a digest reference`,
  ],
])('%s', (tag, error) => {
  expect(imageNames([tag], [])).toEqual({ ok: false, error });
});

test('labels of the target and the stages it is built on count, a later one wins', () => {
  const model = dockerfile(`FROM node:22 AS base
LABEL a="1" b='2 3'
LABEL c old form
FROM golang:1
LABEL other=1
FROM base
LABEL a=4 d=
`);
  expect(labelsOf(model)).toEqual({ a: '4', b: '2 3', c: 'old form', d: '' });
});

test('--label without = has an empty value, the last wins', () => {
  expect(labelsFromFlags(['a=1', 'b', 'a=2=3'])).toEqual({ a: '2=3', b: '' });
});

const NOTHING: EpochInputs = {
  buildArgument: undefined,
  environment: undefined,
  dockerfileDefault: undefined,
  baseImages: [],
};

function epoch(inputs: Partial<EpochInputs>) {
  const decision = decideEpoch({ ...NOTHING, ...inputs });
  return decision.ok ? decision.value : decision.error;
}

test('what the user says goes first: flag, environment, Dockerfile', () => {
  const all = { buildArgument: '1', environment: '2', dockerfileDefault: '3' };
  expect(epoch(all)).toMatchObject({ seconds: 1, source: 'build-arg' });
  expect(epoch({ ...all, buildArgument: undefined })).toMatchObject({
    seconds: 2,
    reason: 'SOURCE_DATE_EPOCH of the environment',
  });
  expect(epoch({ dockerfileDefault: '3' })).toMatchObject({ seconds: 3, source: 'dockerfile' });
  expect(epoch({ environment: '0' })).toMatchObject({ seconds: 0 });
});

test('else the oldest base image', () => {
  const baseImages = [
    { name: 'a', created: '2026-05-01T00:00:00Z' },
    { name: 'b', created: '2025-05-01T00:00:00.999Z' },
    { name: 'c', created: undefined },
    { name: 'd', created: 'yesterday' },
  ];
  expect(epoch({ baseImages, environment: 'context' })).toEqual({
    seconds: 1_746_057_600,
    source: 'base-image',
    reason: 'creation time of b, the oldest base image',
  });
});

test.each(['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z'])('never before 1980: %s', (created) => {
  expect(epoch({ baseImages: [{ name: 'distroless', created }] })).toEqual({
    seconds: 315_532_800,
    source: 'base-image',
    reason: 'creation time of distroless, moved up to 1980-01-01',
  });
});

test.each(['soon', '-1', '1.5', '9'.repeat(13), '253402300800'])('%s is refused', (environment) => {
  expect(epoch({ environment })).toBe(
    `invalid SOURCE_DATE_EPOCH: "${environment}" is not a number of seconds up to the year 9999`,
  );
});
