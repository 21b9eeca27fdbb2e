import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';

const scripts = resolve(import.meta.dirname, '../scripts/bundle');
const { joinChunks } = (await import(join(scripts, 'join-chunks.mjs'))) as {
  joinChunks: (metafile: unknown, entries: readonly string[]) => Promise<void>;
};
const { toCommonJs } = (await import(join(scripts, 'to-commonjs.mjs'))) as {
  toCommonJs: (folder: string) => Promise<string>;
};

const folder = mkdtempSync(join(tmpdir(), 'scoville-chunks-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const SOURCES = {
  'one.ts': `import { a, count } from './a.ts'; import { b } from './b.ts';
    count(); console.log(a + b, count(), new URL(import.meta.url).pathname.slice(-6));
    void import('./late.ts').then(({ late }) => late());`,
  'two.ts': `import { b } from './b.ts'; import { c } from './c.ts'; console.log(b + c);`,
  'late.ts': `import { a, count } from './a.ts'; import { c } from './c.ts';
    export const late = () => console.log('late', a + c, count());`,
  'a.ts': `let counted = 0; export const count = () => ++counted; export const a = 'a';`,
  'b.ts': `import { base } from './base.ts'; export const b = base + 'b';`,
  'c.ts': `import { base } from './base.ts'; export const c = base + 'c';`,
  'base.ts': `export const base = 'base ';`,
};

function run(name: string): string {
  return execFileSync(process.execPath, [join(folder, 'dist', name)], { encoding: 'utf8' });
}

test('chunks that the same parts load become one, then CommonJS, and do as before', async () => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, name), text);
  const { metafile } = await build({
    entryPoints: ['one.ts', 'two.ts'].map((name) => join(folder, name)),
    outdir: join(folder, 'dist'),
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    minify: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
  const files = (): number => readdirSync(join(folder, 'dist/chunks')).length;
  const before = { files: files(), one: run('one.js'), two: run('two.js') };
  expect(before.one).toBe('abase b 2 one.js\nlate abase c 3\n');
  await joinChunks(metafile, [relative(process.cwd(), join(folder, 'one.ts'))]);
  expect({ one: run('one.js'), two: run('two.js') }).toEqual({ one: before.one, two: before.two });
  expect(files()).toBe(before.files - 2);
  expect(await toCommonJs(join(folder, 'dist'))).toMatch(/^[0-9a-f]{64}$/);
  expect({ one: run('one.js'), two: run('two.js') }).toEqual({ one: before.one, two: before.two });
  await expect(joinChunks(metafile, ['none.ts'])).rejects.toThrow(
    'none.ts is not loaded by itself',
  );
});
