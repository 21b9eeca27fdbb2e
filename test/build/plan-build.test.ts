import { expect, test } from 'vitest';
import { planBuild } from '../../src/build/plan-build.ts';
import { digest, dockerfile, inputs, planned } from './given.ts';

const NODE = {
  name: 'docker.io/library/node:22',
  digest: digest('a'),
  created: '2026-03-01T00:00:00Z',
};
const GO = {
  name: 'docker.io/library/golang:1',
  digest: digest('b'),
  created: '2026-02-01T00:00:00Z',
};
const TWO_STAGES = dockerfile(
  'FROM golang:1 AS a\nFROM node:22\nLABEL org.opencontainers.image.title=Shop\nCOPY --from=a /a /\n',
);
const GIT = {
  commit: 'c0ffee',
  committedAt: 1_780_000_000,
  remoteUrl: 'git@example.com:acme/app.git',
  dirty: false,
};

function problem(...argv: readonly string[]): string {
  const plan = planBuild(inputs(argv));
  return plan.ok ? 'none' : plan.error;
}

test('a digest that the Dockerfile spells is the base, and is not pinned again', () => {
  const reference = `node:22@${digest('d')}`;
  const plan = planned(['.'], { dockerfile: dockerfile(`FROM ${reference}`) });
  expect(plan.sourcePolicy).toBeUndefined();
  expect(plan.annotations.index).toMatchObject({
    'org.opencontainers.image.base.name': NODE.name,
    'org.opencontainers.image.base.digest': digest('d'),
  });
});

test('--no-pin pins nothing; a policy of the user stays alone', () => {
  const given = { dockerfile: TWO_STAGES, resolved: [NODE, GO] };
  expect(planned(['--no-pin', '.'], given).sourcePolicy).toBeUndefined();
  const env = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: 'mine.json' };
  const plan = planned(['.'], { ...given, env });
  expect([plan.sourcePolicy, plan.invocation.env['EXPERIMENTAL_BUILDKIT_SOURCE_POLICY']]).toEqual([
    undefined,
    undefined,
  ]);
  expect(plan.notices).toEqual([
    'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY is set: that policy stands, and no image is pinned here',
  ]);
});

test.each([
  [
    ['--build-arg=SOURCE_DATE_EPOCH=100'],
    { SOURCE_DATE_EPOCH: '200' },
    100,
    '1970-01-01T00:01:40Z',
  ],
  [['--build-arg=SOURCE_DATE_EPOCH'], { SOURCE_DATE_EPOCH: '200' }, 200, '1970-01-01T00:03:20Z'],
  [[], {}, 1_769_904_000, '2026-05-28T20:26:40Z'],
])('epoch and created: %j %j', (argv, env, seconds, created) => {
  const given = { dockerfile: TWO_STAGES, resolved: [NODE, GO], git: GIT, env };
  const plan = planned([...argv, '.'], given);
  expect([plan.epoch?.seconds, plan.created]).toEqual([seconds, created]);
});

test.each([
  [['-t', 'A', '.'], 'invalid tag "A": repository name must be lowercase'],
  [['--push', '.'], 'tag is needed when pushing to registry'],
  [['--annotation', 'x', '.'], 'invalid annotation "x", expected key=value'],
  [['-o', 'type=image,compression=x', '.'], 'unsupported compression type x'],
  [
    ['-o', 'type=image,compression-level=x', '.'],
    'non-integer value specified for compression-level: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [
    ['-o', 'type=oci,dest=a,tar=x', '.'],
    'non-bool value specified for tar: strconv.ParseBool: parsing "x": invalid syntax',
  ],
  [['-q', '--progress=tty', '.'], 'progress=tty and quiet cannot be used together'],
  [
    ['--build-arg', 'SOURCE_DATE_EPOCH=x', '.'],
    'invalid SOURCE_DATE_EPOCH: "x" is not a number of seconds up to the year 9999',
  ],
])('%j is refused', (argv, message) => {
  expect(problem(...argv)).toBe(message);
});

test('what is pushed is kept where the engine builds, if it can keep it', () => {
  const kinds = (keepsPushed: 'all' | 'one-platform' | undefined, ...argv: readonly string[]) =>
    planned(['-t', 'a', ...argv, '.'], { keepsPushed }).destinations.map(({ kind }) => kind);
  const several = ['--push', '--platform=linux/amd64,linux/arm64'];
  expect(kinds(undefined, '--push')).toEqual(['registry']);
  expect(kinds('one-platform', '--push')).toEqual(['registry', 'docker']);
  expect(kinds('one-platform', ...several)).toEqual(['registry']);
  expect(kinds('all', ...several)).toEqual(['registry', 'docker']);
  expect(kinds('all', '--push', '--load')).toEqual(['registry', 'docker']);
  expect(kinds('all', '-o', 'type=registry,store=false')).toEqual(['registry']);
  expect(kinds('all', '-o', 'type=registry,push-by-digest=true')).toEqual(['registry']);
});
