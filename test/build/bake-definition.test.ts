import { describe, expect, test } from 'vitest';
import { parseBakeDefinition } from '../../src/build/bake-definition.ts';

/** What buildx 0.13.1 and 0.29.1 printed of one definition; made here, for this test. */
const OLD = {
  group: { default: { targets: ['app', 'web'] }, web: { targets: ['web-a', 'web-b'] } },
  target: {
    app: {
      annotations: ['index:x=y'],
      attest: ['type=provenance,mode=max'],
      context: '.',
      contexts: { base: 'target:base', src: './sub' },
      dockerfile: 'Dockerfile',
      'dockerfile-inline': 'FROM base\n',
      args: { A: '1', N: null },
      labels: { a: 'b,c' },
      tags: ['bk/app:x'],
      'cache-from': ['type=registry,ref=localhost:5000/c', 'user/app:cache'],
      'cache-to': ['type=local,dest=/tmp/xx'],
      secret: ['id=x,src=./s.txt', 'type=env,id=y,env=FOO'],
      ssh: ['k=./k.key'],
      platforms: ['linux/amd64', 'linux/arm64'],
      pull: true,
      'no-cache': true,
      'no-cache-filter': ['a'],
      'shm-size': '64m',
      ulimits: ['nofile=1024:1024'],
    },
    base: { context: '.', dockerfile: 'Dockerfile', target: 'base' },
    'web-a': { context: 'sub', dockerfile: '../Dockerfile', output: ['type=oci,dest=out.tar'] },
    'web-b': { context: 'sub', dockerfile: '../Dockerfile' },
  },
};
const NEW = {
  ...OLD,
  target: {
    ...OLD.target,
    app: {
      ...OLD.target.app,
      description: 'the app',
      attest: [{ mode: 'max', type: 'provenance' }],
      'cache-from': [
        { ref: 'localhost:5000/c', type: 'registry' },
        { ref: 'user/app:cache', type: 'registry' },
      ],
      'cache-to': [{ dest: '/tmp/xx', type: 'local' }],
      secret: [
        { id: 'x', src: './s.txt' },
        { id: 'y', env: 'FOO' },
      ],
      ssh: [{ id: 'k', paths: ['./k.key'] }, { id: 'default' }],
      network: 'host',
      entitlements: ['network.host'],
      'extra-hosts': { h: '1.2.3.4', v6: '::1' },
      call: 'build',
    },
    'web-a': { ...OLD.target['web-a'], output: [{ dest: 'a,b.tar', type: 'oci' }] },
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
    expect(read(OLD).targets.get('app')).toEqual({
      name: 'app',
      context: '.',
      contexts: { base: 'target:base', src: './sub' },
      dockerfile: 'Dockerfile',
      inline: 'FROM base\n',
      platforms: ['linux/amd64', 'linux/arm64'],
      tags: ['bk/app:x'],
      entitlements: [],
      flags: [
        '--build-arg=A=1',
        '--label=a=b,c',
        '--annotation=index:x=y',
        '--attest=type=provenance,mode=max',
        '--cache-from=type=registry,ref=localhost:5000/c',
        '--cache-from=user/app:cache',
        '--cache-to=type=local,dest=/tmp/xx',
        '--secret=id=x,src=./s.txt',
        '--secret=type=env,id=y,env=FOO',
        '--no-cache-filter=a',
        '--shm-size=64m',
        '--ulimit=nofile=1024:1024',
        '--ssh=k=./k.key',
        '--pull=true',
        '--no-cache=true',
      ],
    });
  });

  test('of buildx 0.29, whose values are objects', () => {
    const app = read(NEW).targets.get('app');
    expect(app?.entitlements).toEqual(['network.host']);
    expect(
      app?.flags.filter((flag) => /attest|cache-(?:from|to)|secret|ssh|host|network/.test(flag)),
    ).toEqual([
      '--attest=type=provenance,mode=max',
      '--cache-from=type=registry,ref=localhost:5000/c',
      '--cache-from=type=registry,ref=user/app:cache',
      '--cache-to=type=local,dest=/tmp/xx',
      '--secret=id=x,src=./s.txt',
      '--secret=id=y,env=FOO',
      '--network=host',
      '--ssh=k=./k.key',
      '--ssh=default',
      '--add-host=h:1.2.3.4',
      '--add-host=v6:::1',
    ]);
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
