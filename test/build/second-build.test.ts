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
  sourcePolicy: { policy: { rules: [] }, pins: [] },
} as unknown as BuildPlan;

test('what the user says of the cache does not count: the second build has none', () => {
  const flags = [
    { name: 'no-cache', value: 'false' },
    { name: 'no-cache-filter', value: 'build' },
    { name: 'build-arg', value: 'A=1' },
  ];
  const given = { ...first, invocation: { ...first.invocation, flags } } as unknown as BuildPlan;
  const words = buildWords(secondBuild(given, '/store/2').invocation);
  expect(words.filter((word) => /cache/.test(word))).toEqual(['--no-cache=true']);
});
