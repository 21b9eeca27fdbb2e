import { describe, expect, test } from 'vitest';
import { buildWords } from '../../src/build/buildx.ts';
import {
  imageInvocation,
  layoutOutput,
  namedContext,
  otherOutputs,
  withFlag,
} from '../../src/build/plan.ts';
import { parsed } from './given.ts';

const OURS = {
  paths: { layout: '/s/b', metadataFile: '/s/b.json', sourcePolicyFile: '/s/p.json' },
  labels: { a: 'b' },
  attestFlags: [{ name: 'provenance', value: 'mode=max' }],
  env: { SOURCE_DATE_EPOCH: '7' },
};

describe('imageInvocation', () => {
  test("ours stand first, the user's follow in their order, what we answer is left out", () => {
    const argv =
      '-t a --secret id=x -o type=docker --load --push -q --progress=plain --iidfile i --metadata-file m --annotation k=v --sbom=true --provenance=false --attest type=sbom --label a=c --new -f D --no-cache .';
    const invocation = imageInvocation(parsed(...argv.split(' ')), OURS);
    expect(invocation.env).toEqual({ SOURCE_DATE_EPOCH: '7' });
    expect(buildWords(invocation, 'rawjson')).toEqual([
      'buildx',
      'build',
      '--progress=rawjson',
      '--output=type=oci,dest=/s/b,tar=false,compression=uncompressed',
      '--metadata-file=/s/b.json',
      '--provenance=mode=max',
      '--label=a=b',
      '--secret=id=x',
      '--label=a=c',
      '--new',
      '--file=D',
      '--no-cache=true',
      '.',
    ]);
  });

  test('what buildx would refuse reaches buildx', () => {
    const words = buildWords(
      imageInvocation(parsed('--provenance=xx', '--attest=y', '.'), OURS),
      'rawjson',
    );
    expect(words.slice(-3)).toEqual(['--provenance=xx', '--attest=y', '.']);
  });

  test('a context that looks like a flag stays a context', () => {
    const end = (...argv: readonly string[]): readonly string[] =>
      buildWords(imageInvocation(parsed(...argv), OURS)).slice(-2);
    expect(end('--', '--odd')).toEqual(['--', '--odd']);
    expect(end('-')).toEqual(['--label=a=b', '-']);
  });
});

test('a layout with a comma in its path is one field', () => {
  expect(layoutOutput('/a,b')).toBe('type=oci,"dest=/a,b",tar=false,compression=uncompressed');
});

test('outputs beside an image are made without what is answered here, and of the cache', () => {
  const given = parsed(
    ...'--push -o out -t a --no-cache --pull --iidfile i --build-arg A=1 --target t --sbom=true ctx'.split(
      ' ',
    ),
  );
  expect(buildWords(otherOutputs(given, ['out'], {}), 'rawjson')).toEqual(
    'buildx build --progress=rawjson --output=out --build-arg=A=1 --target=t --sbom=true ctx'.split(
      ' ',
    ),
  );
});

test('a flag that is added counts last, and the context stays the last word', () => {
  const made = withFlag(imageInvocation(parsed('-f', 'D', '--', '-odd'), OURS), 'file', '/f');
  expect(buildWords(made).slice(-4)).toEqual(['--file=D', '--file=/f', '--', '-odd']);
});

test.each([
  ['build-context', 'lib=../lib', { name: 'lib', path: '../lib' }],
  ['build-context', 'lib=a=b', { name: 'lib', path: 'a=b' }],
  ['build-context', 'lib=docker-image://alpine:3', undefined],
  ['build-context', 'lib=oci-layout:///x', undefined],
  ['build-context', 'lib=target:base', undefined],
  ['build-context', 'lib=https://example.com/r.git', undefined],
  ['build-context', 'lib=', undefined],
  ['build-arg', 'lib=../lib', undefined],
])('--%s=%s is a folder: %j', (name, value, expected) => {
  expect(namedContext({ name, value })).toEqual(expected);
});
