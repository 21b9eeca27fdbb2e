import { describe, expect, test } from 'vitest';
import type { RecordedBuild } from '../../src/model/lock.ts';
import { type GivenInputs, rebuildWords } from '../../src/reproduce/rebuild.ts';

const NOTHING: GivenInputs = { buildArgs: [], secrets: [], ssh: [] };

function record(over: Partial<RecordedBuild> = {}): RecordedBuild {
  return {
    builder: 'scoville',
    source: undefined,
    args: {},
    secrets: [],
    ssh: [],
    otherLocals: [],
    materials: [],
    dockerfileText: undefined,
    isComplete: true,
    platform: 'linux/amd64',
    normaliser: undefined,
    steady: undefined,
    inputs: undefined,
    epoch: undefined,
    ...over,
  };
}

describe('rebuildWords', () => {
  test('the clock of a deterministic build is our own, not a folder of the publisher', () => {
    const words = rebuildWords(
      record({
        otherLocals: ['scoville-clock'],
        args: {
          'context:scoville-clock': 'local:scoville-clock',
          'frontend.caps': 'moby.buildkit',
        },
      }),
      NOTHING,
    );
    expect(words).toMatchObject({ words: [], obstacles: [] });
  });

  test('arguments, target and limits become flags, each one word', () => {
    const args = {
      'build-arg:A': 'x y',
      'build-arg:B': '--push',
      'label:org.opencontainers.image.title': 'app',
      target: 'final',
      'shm-size': '64m',
      ulimit: 'nofile=10:10,core=0:0',
      'add-hosts': 'a=10.0.0.1,b=10.0.0.2',
      'force-network-mode': 'none',
      platform: 'linux/amd64',
      'no-cache': '',
      'vcs:source': 'https://x.example/y',
    };
    expect(rebuildWords(record({ args }), NOTHING)).toEqual({
      words: [
        '--add-host=a:10.0.0.1',
        '--add-host=b:10.0.0.2',
        '--build-arg=A=x y',
        '--build-arg=B=--push',
        '--network=none',
        '--shm-size=64m',
        '--target=final',
        '--ulimit=nofile=10:10',
        '--ulimit=core=0:0',
      ],
      labels: { 'org.opencontainers.image.title': 'app' },
      obstacles: [],
      doubts: [],
    });
  });

  test('the epoch of our own record is not an argument; BuildKit’s is', () => {
    const args = { 'build-arg:SOURCE_DATE_EPOCH': '5', 'build-arg:https_proxy': 'http://evil' };
    expect(rebuildWords(record({ args }), NOTHING).words).toEqual([]);
    expect(rebuildWords(record({ args, builder: 'buildkit' }), NOTHING).words).toEqual([
      '--build-arg=SOURCE_DATE_EPOCH=5',
    ]);
  });

  test.each<[string, Partial<RecordedBuild>, string]>([
    [
      'a masked argument',
      { args: { 'build-arg:T': '[masked]' } },
      'the value of "build-arg:T" is masked',
    ],
    ['a masked label', { args: { 'label:T': 'x [masked]' } }, 'the value of "label:T" is masked'],
    ['a secret', { secrets: [{ id: 'npm', optional: false }] }, 'it was given the secret "npm"'],
    [
      'an agent',
      { ssh: [{ id: 'default', optional: false }] },
      'it was given the SSH agent "default"',
    ],
    ['a folder', { otherLocals: ['docs'] }, 'it was given the folder "docs"'],
    ['a context', { args: { 'context:docs': 'local:docs' } }, 'it was given the context "docs"'],
    [
      'the network of the host',
      { args: { 'force-network-mode': 'host' } },
      'it was built in the network of its host, which a stranger’s build is not given',
    ],
    [
      'what is not known',
      { args: { 'input:x': 'y' } },
      'it was built with "input:x", which cannot be repeated',
    ],
    ['mode=min', { isComplete: false }, 'the provenance leaves build arguments out (mode=min)'],
  ])('%s stands in the way', (_, over, obstacle) => {
    expect(rebuildWords(record(over), NOTHING).obstacles).toEqual([obstacle]);
  });

  test('what is given takes the place of what the record lacks', () => {
    const found = rebuildWords(
      record({
        args: { 'build-arg:TOKEN': '[masked]' },
        secrets: [{ id: 'npm', optional: false }],
        ssh: [{ id: 'default', optional: false }],
      }),
      { buildArgs: ['TOKEN=x'], secrets: ['id=npm,src=/f'], ssh: ['default=/sock'] },
    );
    expect(found.obstacles).toEqual([]);
    expect(found.words).toEqual([
      '--build-arg=TOKEN=x',
      '--secret=id=npm,src=/f',
      '--ssh=default=/sock',
    ]);
  });

  test('a secret that need not have been given leaves a doubt', () => {
    const { obstacles, doubts } = rebuildWords(
      record({ secrets: [{ id: 'npm', optional: true }] }),
      NOTHING,
    );
    expect([obstacles, doubts]).toEqual([[], ['it may have been given the secret "npm"']]);
  });

  test('another image in a name’s place is repeated; a name of other characters is not', () => {
    const image = { 'context:base': 'docker-image://example.com/b@sha256:1' };
    expect(rebuildWords(record({ args: image }), NOTHING).words).toEqual([
      '--build-context=base=docker-image://example.com/b@sha256:1',
    ]);
    const hostile = { 'context:a=local,x': 'docker-image://b' };
    expect(rebuildWords(record({ args: hostile }), NOTHING).obstacles).toHaveLength(1);
  });

  test('a label named __proto__ is a label', () => {
    const { labels } = rebuildWords(
      record({ args: Object.fromEntries([['label:__proto__', 'x']]) }),
      NOTHING,
    );
    expect(Object.entries(labels)).toEqual([['__proto__', 'x']]);
  });
});
