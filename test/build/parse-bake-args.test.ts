import { describe, expect, test } from 'vitest';
import {
  fitsNone,
  gateWords,
  parseBakeArgs,
  type ParsedBake,
} from '../../src/build/bake-command-line.ts';

function parsed(...argv: readonly string[]): ParsedBake {
  const read = parseBakeArgs(argv);
  if (!read.ok || read.value.kind === 'help') throw new Error(JSON.stringify(read));
  return read.value;
}

test('every word of the user goes to buildx, ours to each build, and to --print what resolves the definition', () => {
  const bake = parsed(
    ...['-f', 'a.hcl', '--file=b.json', '--set', '*.args.X=1', '--push', '--pull=false'],
    ...['--progress', 'plain', '--metadata-file', 'm.json', '--allow', 'fs.read=..', '-D'],
    ...['--builder', 'b', '--sbom', 'true', '--key', 'k', '--no-sign', 'app', '--future', 'web'],
  );
  expect(bake.words).toEqual([
    ...['--file=a.hcl', '--file=b.json', '--set=*.args.X=1', '--push=true', '--pull=false'],
    ...['--progress=plain', '--metadata-file=m.json', '--allow=fs.read=..', '--debug=true'],
    ...['--builder=b', '--sbom=true', 'app', '--future', 'web'],
  ]);
  expect(bake.printWords).toEqual([
    ...['--file=a.hcl', '--file=b.json', '--set=*.args.X=1', '--push=true', '--pull=false'],
    ...['--builder=b', '--sbom=true', 'app', '--future', 'web'],
  ]);
  expect(bake.ownWords).toEqual(['--key=k', '--sign=false']);
  expect(bake).toMatchObject({
    builder: 'b',
    allow: ['fs.read=..'],
    progress: 'plain',
    metadataFile: 'm.json',
    keepGoing: false,
  });
});

test.each([
  [['--print'], '--print'],
  [['--check'], '--check'],
  [['--call', 'outline'], '--call=outline'],
  [['--call=build'], undefined],
  [['--list=targets'], '--list'],
  [['--print=false'], undefined],
])('%j builds nothing: %s', (argv, why) => {
  expect(parsed(...argv).evaluates).toBe(why);
});

test('--help anywhere is help, and a wrong flag is buildx’ to say', () => {
  expect(parseBakeArgs(['app', '--help'])).toEqual({ ok: true, value: { kind: 'help' } });
  expect(parseBakeArgs(['--set'])).toMatchObject({
    ok: false,
    error: {
      exitCode: 125,
      message: expect.stringContaining('flag needs an argument: --set') as string,
    },
  });
});

describe('gates', () => {
  const { gates } = parsed(
    ...[
      '--min-level',
      '1',
      '--min-level=web-*=3',
      '--min-grade',
      'app=A+',
      '--min-level',
      'web-b=2',
    ],
  );
  test.each([
    ['app', ['--min-level=1', '--min-grade=A+']],
    ['web-a', ['--min-level=3']],
    ['web-b', ['--min-level=2']],
  ])('of %s are the last that fit it', (target, words) => {
    expect(gateWords(gates, target)).toEqual(words);
  });
  test('that fit no target are known', () => {
    const [wrong] = parsed('--min-level', 'nothing*=1').gates;
    expect(wrong === undefined || fitsNone(wrong, ['app'])).toBe(true);
    expect(gates.map((gate) => fitsNone(gate, ['web-b']))).toEqual([false, false, true, false]);
  });
  test.each(['6', 'app=', '=3', 'app=E'])('%s is none', (text) => {
    expect(parseBakeArgs(['--min-level', text])).toMatchObject({
      ok: false,
      error: { exitCode: 2 },
    });
  });
  test('a name is no pattern but for its stars', () => {
    expect(gateWords(parsed('--min-level=a.c=1').gates, 'abc')).toEqual([]);
  });
});
