import { describe, expect, test } from 'vitest';
import {
  buildxArguments,
  otherOutputArguments,
  passthroughArguments,
} from '../../../src/plans/buildx/buildx-argv.ts';
import { parsed } from '../given.ts';

const OURS = {
  paths: { layout: '/s/b', metadataFile: '/s/b.json', sourcePolicyFile: '/s/p.json' },
  labels: { a: 'b' },
  attestWords: ['--provenance=mode=max'],
};

describe('buildxArguments', () => {
  test("ours stand first, the user's follow in their order, what we answer is left out", () => {
    const argv =
      '-t a --secret id=x -o type=docker --load --push -q --progress=plain --iidfile i --metadata-file m --annotation k=v --sbom=true --provenance=false --attest type=sbom --label a=c --new -f D --no-cache .';
    expect(buildxArguments(parsed(...argv.split(' ')), OURS)).toEqual([
      'buildx',
      'build',
      '--output=type=oci,dest=/s/b,tar=false,compression=uncompressed',
      '--metadata-file=/s/b.json',
      '--progress=rawjson',
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
    const argv = buildxArguments(parsed('--provenance=xx', '--attest=y', '.'), OURS);
    expect(argv.slice(-3)).toEqual(['--provenance=xx', '--attest=y', '.']);
  });

  test('a layout with a comma in its path is one field', () => {
    const paths = { ...OURS.paths, layout: '/a,b' };
    expect(buildxArguments(parsed('.'), { ...OURS, paths })[2]).toBe(
      '--output=type=oci,"dest=/a,b",tar=false,compression=uncompressed',
    );
  });

  test('a context that looks like a flag stays a context', () => {
    expect(buildxArguments(parsed('--', '--odd'), OURS).slice(-2)).toEqual(['--', '--odd']);
    expect(buildxArguments(parsed('-'), OURS).slice(-2)).toEqual(['--label=a=b', '-']);
  });
});

test('outputs beside an image are made without what is answered here, and of the cache', () => {
  const given = parsed(
    ...'--push -o out -t a --no-cache --pull --iidfile i --build-arg A=1 --target t --sbom=true ctx'.split(
      ' ',
    ),
  );
  expect(otherOutputArguments(given, ['out'])).toEqual(
    'buildx build --output=out --progress=rawjson --build-arg=A=1 --target=t --sbom=true ctx'.split(
      ' ',
    ),
  );
});

test("a passthrough has the user's flags and none of ours", () => {
  const argv = passthroughArguments(parsed('-o', 'out', '--json', '-qt', 'a', '--key', 'k', '.'));
  expect(argv).toEqual(['buildx', 'build', '--output=out', '--quiet=true', '--tag=a', '.']);
});
