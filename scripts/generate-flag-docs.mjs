// Writes docs/reference/commands/ from the tables of the commands, and the rows of docs/configuration.md from the schema of the settings.
// A test fails while the pages are not current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const bundle = await build({
  plugins,
  entryPoints: ['scripts/command-pages.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { commandPages, withSettingRows } = await import(`data:text/javascript;base64,${source}`);
const folder = 'docs/reference/commands';
const textOf = (name) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
for (const [name, text] of await commandPages(textOf)) writeFileSync(join(folder, name), text);
const settings = 'docs/configuration.md';
writeFileSync(settings, withSettingRows(readFileSync(settings, 'utf8')));
