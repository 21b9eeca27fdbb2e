import { describe, expect, test } from 'vitest';
import { isOnStdout, planOutput } from '../../src/build/command-line.ts';
import { yamlTable } from '../fakes/table.ts';
import { parsed } from './given.ts';

const TABLE = yamlTable('test/build/output-plan.yaml') as {
  readonly images: readonly [string, object[]][];
  readonly both: readonly [string, object[], string[]][];
  readonly none: readonly [string, string][];
  readonly stdout: readonly [string, boolean][];
};

function outputOf(text: string, env: Readonly<Record<string, string>> = {}) {
  return planOutput(parsed(...text.split(' '), '.'), env);
}

const DOCKER = { kind: 'docker', byDefault: false };
const REGISTRY = { kind: 'registry', byDigest: false, plainHttp: false, keeps: true };

describe('outputs that are images', () => {
  test.each(TABLE.images)('%s', (text, destinations) => {
    expect(outputOf(text)).toMatchObject({ kind: 'image', destinations });
  });

  test('BUILDX_NO_DEFAULT_LOAD leaves the result in the layout', () => {
    expect(outputOf('--pull', { BUILDX_NO_DEFAULT_LOAD: '1' })).toMatchObject({ destinations: [] });
    expect(outputOf('--load', { BUILDX_NO_DEFAULT_LOAD: '1' })).toMatchObject({
      destinations: [DOCKER],
    });
  });

  test('names, annotations and compression are taken from attributes, and what has no effect is said', () => {
    expect(
      outputOf(
        '-o type=registry,"name=a:1,b:2",annotation.k=v,annotation-index.i=w,annotation-manifest[linux/amd64].p=x,compression=zstd,oci-mediatypes=false',
      ),
    ).toEqual({
      kind: 'image',
      destinations: [REGISTRY],
      names: ['a:1', 'b:2'],
      annotations: ['k=v', 'index:i=w', 'manifest[linux/amd64]:p=x'],
      compression: 'zstd',
      notices: ['--output oci-mediatypes=false has no effect here'],
      others: [],
    });
  });
});

describe('an image and other outputs', () => {
  test.each(TABLE.both)('%s: the others are made beside it', (text, destinations, others) => {
    expect(outputOf(text)).toMatchObject({ kind: 'image', destinations, others });
  });

  test('what cannot be read stays buildx’ to refuse, all of it', () => {
    expect(outputOf('--push -o dest=a,name=b')).toMatchObject({ kind: 'passthrough' });
  });

  test.each(TABLE.stdout)('%s is on stdout: %s', (output, expected) => {
    expect(isOnStdout(output)).toBe(expected);
  });
});

describe('outputs that are none', () => {
  test.each(TABLE.none)('%s', (text, reason) => {
    expect(outputOf(text)).toEqual({ kind: 'passthrough', reason });
  });
});
