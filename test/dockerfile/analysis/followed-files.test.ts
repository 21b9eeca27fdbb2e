import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../cpu-time.ts';
import { analysisOf } from './support.ts';

type Files = Readonly<Record<string, string>>;

/** What nobody read, as the reason says it. */
function reasons(text: string, files: Files = {}): readonly string[] {
  return analysisOf(`FROM x\n${text}`, {}, files).unread.map(({ reason }) => reason);
}

const lines = (count: number, of: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => of(at)).join('\n');

const TOO_MANY = 'more files, and copies of them, than are followed';

describe('following files ends', () => {
  test.each([
    [
      'folders copied into one another',
      `COPY . /a\n${lines(300, () => 'RUN cp -r /a /a/b && mv /b /a && ln -s /a /b')}\nRUN /a/b/b/x`,
    ],
    [
      'one name that stands for many folders',
      `COPY . /a\nRUN ${lines(900, (at) => `cp -r /a/${at % 7} /a; `).replaceAll('\n', '')} /a/x`,
    ],
    [
      'a chain of copies longer than any',
      `COPY x /0\nRUN ${lines(200, (at) => `cp /${at} /${at + 1}; `).replaceAll('\n', '')} /200`,
    ],
    [
      'a PATH of many folders',
      `ENV PATH=${lines(4000, (at) => `/p${at}`).replaceAll('\n', ':')}\nRUN ${'a; '.repeat(3000)}`,
    ],
    ['a path of many folders', `COPY . /\nRUN ${`/${'a/'.repeat(3000)}x; `.repeat(3)} b`],
  ])('%s', (_name, text) => {
    let found: readonly string[] = [];
    expect(cpuMs(() => (found = reasons(text, { x: 'true' })))).toBeLessThan(6000);
    expect(found).toContain(TOO_MANY);
  });

  test('text that doubles with each command', () => {
    const text = `RUN echo aaaaaaaa > /a\n${lines(60, () => 'RUN cat /a /a > /b && cat /b /b > /a')}\nRUN sh /a`;
    let found: readonly string[] = [];
    expect(cpuMs(() => (found = reasons(text)))).toBeLessThan(6000);
    expect(found.some((one) => one.startsWith('/a runs'))).toBe(true);
  });

  test('more stages than a person writes', () => {
    const text = lines(2000, (at) => `FROM ${at === 0 ? 'x' : `s${at - 1}`} AS s${at}\nRUN a`);
    let found: readonly { readonly reason: string }[] = [];
    expect(cpuMs(() => (found = analysisOf(text).unread))).toBeLessThan(6000);
    expect(found.map(({ reason }) => reason)).toEqual(['more stages than are read']);
  });

  test('whatever is copied where', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '..', '.'), { minLength: 1, maxLength: 4 })
      .map((parts) => `/${parts.join('/')}`);
    const step = fc.oneof(
      fc.tuple(fc.constantFrom('cp -r', 'mv', 'ln -s', 'install'), path, path),
      fc.tuple(fc.constantFrom('cat', 'tar xf'), path, fc.constant('> /a/b')),
      fc.tuple(fc.constantFrom('sh', '.'), path, fc.constant('')),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
        const run = steps.map((words) => words.join(' ')).join('; ');
        expect(cpuMs(() => reasons(`COPY . /a\nRUN ${run}`, { b: 'true' }))).toBeLessThan(6000);
      }),
      { numRuns: 15 },
    );
  });
});

describe('scripts of package.json', () => {
  const manifest = (scripts: Files): Files => ({ 'package.json': JSON.stringify({ scripts }) });
  const RUN = 'WORKDIR /app\nCOPY . .\nRUN ';

  test.each([
    ['npm run build', { build: 'tsc -p .' }],
    ['npm run -s build', { build: 'tsc && cp a b' }],
    ['npm test', { test: 'tsc --noEmit' }],
    ['yarn build', { build: 'esbuild src/a.ts --bundle --outdir=dist' }],
    ['pnpm run build -- --outDir a', { build: 'tsc -p .' }],
  ])('%s', (run, scripts) => {
    expect(reasons(RUN + run, manifest(scripts))).toEqual([]);
  });

  test.each([
    ['npm run build', { build: 'strange' }, 'what strange does was not read'],
    ['npm run build', { build: 'tsc', prebuild: 'strange' }, 'what strange does was not read'],
    ['npm run build', { build: 'tsc', postbuild: 'strange' }, 'what strange does was not read'],
    ['npm run other', { build: 'tsc' }, 'what npm runs is in the source'],
    ['npm run build --prefix web', { build: 'tsc' }, 'what npm runs is in the source'],
    ['npm --prefix web run build', { build: 'tsc' }, 'what npm does was not read'],
    ['npm run build -- strange', { build: 'sh -c' }, 'what strange does was not read'],
  ])('%s of %j', (run, scripts, reason) => {
    expect(reasons(RUN + run, manifest(scripts as Files))[0]).toContain(reason);
  });

  test('a script that fetches is a download', () => {
    const files = manifest({ build: 'curl -o a https://e.example/a' });
    expect(analysisOf(`FROM x\n${RUN}npm run build`, {}, files).downloads).toHaveLength(1);
  });
});

test.each([
  ['dotnet restore --locked-mode', ['packages.lock.json']],
  ['dotnet restore web/web.csproj --locked-mode', ['web/packages.lock.json']],
  ['catalina.sh configtest', ['a']],
  ['fix-permissions /opt/conda', ['a']],
  ["ruby -rrbconfig -e 'print RbConfig.ruby'", ['a']],
])('%s brings in nothing that is not held', (run, files) => {
  const context = Object.fromEntries(files.map((file) => [file, '{}']));
  expect(reasons(`WORKDIR /app\nCOPY . .\nRUN ${run}`, context)).toEqual([]);
});

test.each([
  ['dotnet restore --locked-mode', 'what dotnet runs is in the source it works on'],
  ['dotnet restore', 'what dotnet runs is in the source it works on'],
  ['dotnet publish -c Release', 'what dotnet runs is in the source it works on'],
  ['dotnet publish --no-restore', 'what dotnet runs is in the source it works on'],
  ['catalina.sh run', 'what catalina.sh does was not read'],
  ["ruby -rsomebody -e 'print 1'", 'what ruby runs is not shell'],
  ['mvn package', 'what mvn does was not read'],
  ['jenkins-plugin-cli --plugins git', 'what jenkins-plugin-cli does was not read'],
])('%s is not read', (run, reason) => {
  expect(reasons(`WORKDIR /app\nCOPY . .\nRUN ${run}`, { a: '' })[0]).toContain(reason);
});

describe('the shell that runs a file', () => {
  const held = (run: string, script: string): boolean | undefined => {
    const text = `FROM x\nCOPY s /s\nRUN ${run}`;
    const sum = `echo "${'a'.repeat(64)}  /f" | sha256sum -c -`;
    const file = `${script}\ncurl -o /f https://e.example/f\n${sum}\ntrue`;
    const [download] = analysisOf(text, {}, { s: file }).downloads;
    return download?.verifiedBy !== undefined;
  };

  test('counts the options that it is given, not those of a first line it does not use', () => {
    expect(held('sh -e /s', '#!/bin/sh')).toBe(true);
    expect(held('sh /s', '#!/bin/sh -e')).toBe(false);
    expect(held('/s', '#!/bin/sh -e')).toBe(true);
    expect(held('/s', '#!/bin/sh')).toBe(false);
  });
});
