import { describe, expect, test } from 'vitest';
import { bakeJobs, dockerfileOf, jobWords } from '../../src/build/bake-definition.ts';
import type { BakeTarget } from '../../src/model/events.ts';
import { yamlTable } from '../fakes/table.ts';
import { bakeTarget as target } from './given.ts';

const { dockerfiles } = yamlTable('test/build/bake-definition.yaml') as {
  readonly dockerfiles: readonly [Partial<BakeTarget>, string][];
};

function jobs(wanted: readonly string[], ...targets: readonly BakeTarget[]) {
  return bakeJobs({ wanted, targets: new Map(targets.map((one) => [one.name, one])) });
}

const ids = (result: ReturnType<typeof jobs>): unknown =>
  result.ok ? result.value.map(({ id, links }) => [id, links.map(({ job }) => job)]) : result.error;

const onBase = { contexts: { base: 'target:base', src: './src' } };
const both = ['linux/amd64', 'linux/arm64'];

describe('jobs', () => {
  test('stand behind what they are built from, each once', () => {
    expect(
      ids(
        jobs(['app', 'web', 'base'], target('app', onBase), target('web', onBase), target('base')),
      ),
    ).toEqual([
      ['base', []],
      ['app', ['base']],
      ['web', ['base']],
    ]);
  });

  test('of a base that was not asked for go nowhere', () => {
    const result = jobs(['app'], target('app', onBase), target('base', { tags: ['base:1'] }));
    expect(ids(result)).toEqual([
      ['base for others', []],
      ['app', ['base for others']],
    ]);
    expect(result.ok && jobWords(result.value[0] ?? fail(), new Map())).toEqual([
      ...['--file=Dockerfile', '--sign=false', '--grade=false', '--', '.'],
    ]);
  });

  test('of a base are two where it has not the platforms, or makes no image', () => {
    const app = target('app', { ...onBase, platforms: both });
    expect(ids(jobs(['app', 'base'], app, target('base')))).toEqual([
      [`base for ${both.join(',')}`, []],
      ['app', [`base for ${both.join(',')}`]],
      ['base', []],
    ]);
    const files = target('base', { outputs: ['type=local,dest=out'] });
    expect(ids(jobs(['app', 'base'], target('app', onBase), files))).toEqual([
      ['base for others', []],
      ['app', ['base for others']],
      ['base', []],
    ]);
    const pushed = target('base', { platforms: both, outputs: ['type=image,push=true'] });
    expect(ids(jobs(['app', 'base'], app, pushed))).toEqual([
      ['base', []],
      ['app', ['base']],
    ]);
  });

  test('that are built from themselves, or from what is not there, are none', () => {
    const a = target('a', { contexts: { x: 'target:b' } });
    const b = target('b', { contexts: { x: 'target:a' } });
    expect(ids(jobs(['a', 'b'], a, b))).toContain('is built from itself');
    expect(ids(jobs(['a'], a))).toBe('target a names target:b, which does not exist');
  });
});

test.each(dockerfiles)('the Dockerfile of %j is %s', (more, file) => {
  expect(dockerfileOf(target('app', more))).toBe(file);
});

function fail(): never {
  throw new Error('no such job');
}
