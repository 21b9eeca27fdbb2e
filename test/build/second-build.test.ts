import { expect, test } from 'vitest';
import { buildWords } from '../../src/build/buildx.ts';
import type { BuildPlan } from '../../src/build/plan.ts';
import { secondBuild } from '../../src/build/prove.ts';

const first = {
  invocation: {
    outputs: ['type=oci,dest=/store/1,tar=false,compression=uncompressed'],
    metadataFile: '/store/1/metadata.json',
    flags: [{ name: 'build-arg', value: 'A=1' }],
    context: 'app',
    env: { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: '/store/1/policy.json', SOURCE_DATE_EPOCH: '7' },
  },
  layout: '/store/1',
  metadataFile: '/store/1/metadata.json',
  sourcePolicy: { file: '/store/1/policy.json', policy: { rules: [] }, pins: [] },
} as unknown as BuildPlan;
const paths = {
  layout: '/store/2',
  metadataFile: '/store/2/metadata.json',
  sourcePolicyFile: '/store/2/policy.json',
};

test('the same words, without a cache, into another layout', () => {
  const second = secondBuild(first, paths);
  expect(buildWords(second.invocation)).toEqual([
    'buildx',
    'build',
    '--output=type=oci,dest=/store/2,tar=false,compression=uncompressed',
    '--metadata-file=/store/2/metadata.json',
    '--no-cache=true',
    '--build-arg=A=1',
    'app',
  ]);
  expect(second.invocation.env).toEqual({
    TZ: 'Pacific/Kiritimati',
    LANG: 'tr_TR.UTF-8',
    LC_ALL: 'tr_TR.UTF-8',
    EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: '/store/2/policy.json',
    SOURCE_DATE_EPOCH: '7',
  });
  expect(second.sourcePolicy?.file).toBe('/store/2/policy.json');
});

test('what the user says of the cache does not count: the second build has none', () => {
  const flags = [
    { name: 'no-cache', value: 'false' },
    { name: 'no-cache-filter', value: 'build' },
    { name: 'build-arg', value: 'A=1' },
  ];
  const given = { ...first, invocation: { ...first.invocation, flags } } as unknown as BuildPlan;
  const words = buildWords(secondBuild(given, paths).invocation);
  expect(words.filter((word) => /cache/.test(word))).toEqual(['--no-cache=true']);
});
