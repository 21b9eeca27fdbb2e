import { describe, expect, test } from 'vitest';
import { parseBakeDefinition } from '../../src/build/bake-definition.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLE = yamlTable('test/build/bake-definition.yaml') as {
  readonly old: { readonly target: { readonly app: object; readonly 'web-a': object } };
  readonly [part: string]: object;
};
const OLD = TABLE.old;
const { app, 'web-a': webA } = OLD.target;
const NEW = {
  ...OLD,
  target: {
    ...OLD.target,
    app: { ...app, ...TABLE['app'] },
    'web-a': { ...webA, ...TABLE['webA'] },
  },
};

function read(value: unknown) {
  const definition = parseBakeDefinition(JSON.stringify(value));
  if (!definition.ok) throw new Error(definition.error);
  return definition.value;
}

test('groups are followed down to their targets; what is only built from is not wanted', () => {
  const { wanted, targets } = read(OLD);
  expect(wanted).toEqual(['app', 'web-a', 'web-b']);
  expect([...targets.keys()]).toContain('base');
});

test('a definition of one target called default names no group in buildx 0.13', () => {
  expect(read({ target: { default: { context: '.' } } }).wanted).toEqual(['default']);
});

describe('a target', () => {
  test('of buildx 0.13', () => {
    expect(read(OLD).targets.get('app')).toEqual(TABLE['read']);
  });

  test('of buildx 0.29, whose values are objects', () => {
    const app = read(NEW).targets.get('app');
    expect(app?.entitlements).toEqual(['network.host']);
    expect(
      app?.flags.filter((flag) => /attest|cache-(?:from|to)|secret|ssh|host|network/.test(flag)),
    ).toEqual(TABLE['objects']);
    expect(read(NEW).targets.get('web-a')?.outputs).toEqual(['type=oci,"dest=a,b.tar"']);
    expect(read(NEW).targets.get('web-b')?.outputs).toBeUndefined();
  });
});

test.each([
  ['no JSON', '#1 reading'],
  ['the definition does not name a target', '{}'],
  ['the definition does not name a target', '{"group":{"default":{"targets":["gone"]}}}'],
  ['which is not known here', '{"target":{"default":{"policy":[{"filename":"p.rego"}]}}}'],
])('is refused where %s', (message, text) => {
  const expected = message === 'no JSON' ? 'buildx printed no definition' : message;
  expect(parseBakeDefinition(text)).toMatchObject({
    ok: false,
    error: expect.stringContaining(expected) as string,
  });
});

test('a group that holds itself is no endless way', () => {
  const groups = { default: { targets: ['a'] }, a: { targets: ['a', 'app'] } };
  expect(read({ group: groups, target: { app: {} } }).wanted).toEqual(['app']);
});
