// Writes the manual pages, made of the tables of the commands (scripts/man-pages.ts), into a folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { plugins } from '../bundle/plugins.mjs';
import { ROOT } from '../package/package-files.mjs';

export async function writeManPages(folder, version) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    plugins,
    entryPoints: ['scripts/man-pages.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const { manPages } = await import(`data:text/javascript;base64,${source}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of await manPages(version)) writeFileSync(join(folder, name), text);
}
