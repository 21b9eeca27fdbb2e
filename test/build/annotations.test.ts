import { expect, test } from 'vitest';
import { type AnnotationInputs, planAnnotations } from '../../src/build/annotations.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { digest } from './given.ts';

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
