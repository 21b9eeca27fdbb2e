import { describe, expect, test } from 'vitest';
import { isOnStdout, planOutput } from '../../src/build/command-line.ts';
import { parsed } from './given.ts';

function outputOf(text: string, env: Readonly<Record<string, string>> = {}) {
  return planOutput(parsed(...text.split(' '), '.'), env);
}

const DOCKER = { kind: 'docker', byDefault: false };
const REGISTRY = { kind: 'registry', byDigest: false, plainHttp: false };

describe('outputs that are images', () => {
  test.each([
    ['--pull', [{ kind: 'docker', byDefault: true }]],
    ['--load', [DOCKER]],
    ['--push', [REGISTRY]],
    ['--push --load', [REGISTRY, DOCKER]],
    ['--push=false', [{ kind: 'docker', byDefault: true }]],
    ['-o type=docker', [DOCKER]],
    ['-o type=docker,context=other', [{ ...DOCKER, context: 'other' }]],
    ['-o type=image', [DOCKER]],
    ['-o type=image,store=false', []],
    ['-o type=image,push=true', [DOCKER, REGISTRY]],
    ['-o type=image --push', [REGISTRY]],
    ['-o type=registry', [REGISTRY]],
    ['-o type=registry --load', [REGISTRY, DOCKER]],
    ['-o type=docker --load', [DOCKER]],
    [
      '-o type=registry,push-by-digest=true,registry.insecure=true',
      [{ kind: 'registry', byDigest: true, plainHttp: true }],
    ],
    ['-o type=oci,dest=a.tar', [{ kind: 'file', format: 'oci', path: 'a.tar', directory: false }]],
    ['-o type=oci', [{ kind: 'file', format: 'oci', path: '-', directory: false }]],
    ['-o type=oci,dest=d,tar=false', [{ kind: 'file', format: 'oci', path: 'd', directory: true }]],
    [
      '-o type=docker,dest=a.tar -o type=registry',
      [{ kind: 'file', format: 'docker', path: 'a.tar', directory: false }, REGISTRY],
    ],
    ['--call=build', [{ kind: 'docker', byDefault: true }]],
    ['--check=false', [{ kind: 'docker', byDefault: true }]],
  ])('%s', (text, destinations) => {
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
  test.each([
    ['-o type=docker -o type=local,dest=out', [DOCKER], ['type=local,dest=out']],
    ['--push -o out', [REGISTRY], ['out']],
    ['--load -o type=cacheonly', [DOCKER], ['type=cacheonly']],
    [
      '-o type=tar,dest=a.tar -o type=image,push=true,store=false -o type=new',
      [REGISTRY],
      ['type=tar,dest=a.tar', 'type=new'],
    ],
  ])(
    '%s: the image is ours to judge, the others are made beside it',
    (text, destinations, others) => {
      expect(outputOf(text)).toMatchObject({ kind: 'image', destinations, others });
    },
  );

  test('what cannot be read stays buildx’ to refuse, all of it', () => {
    expect(outputOf('--push -o dest=a,name=b')).toMatchObject({ kind: 'passthrough' });
  });

  test.each([
    ['-', true],
    ['type=tar', true],
    ['type=tar,dest=-', true],
    ['type=tar,dest=a', false],
    ['type=local,dest=-', false],
    ['out', false],
  ])('%s is on stdout: %s', (output, expected) => {
    expect(isOnStdout(output)).toBe(expected);
  });
});

describe('outputs that are none', () => {
  test.each([
    ['-o type=local,dest=out', '--output type=local makes no image'],
    ['-o out', '--output type=local makes no image'],
    ['-o -', '--output type=tar makes no image'],
    ['-o type=tar,dest=a.tar', '--output type=tar makes no image'],
    ['-o type=cacheonly', '--output type=cacheonly makes no image'],
    ['-o type=new', '--output type=new makes no image'],
    ['-o dest=a,name=b', '--output dest=a,name=b is for buildx to judge'],
    ['-o type=oci,dest', '--output type=oci,dest is for buildx to judge'],
    ['-o type=oci,tar=false', '--output type=oci,tar=false is for buildx to judge'],
    ['--check', '--check evaluates the build and makes no image'],
    ['--call=outline', '--call=outline evaluates the build and makes no image'],
    ['--print=targets', '--print=targets evaluates the build and makes no image'],
  ])('%s', (text, reason) => {
    expect(outputOf(text)).toEqual({ kind: 'passthrough', reason });
  });
});
