// Writes docs/reference/commands/ from the tables of the commands. A test fails while the pages are not current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const bundle = await build({
  entryPoints: ['scripts/command-pages.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Only loaded where DEV is set.
  alias: { 'react-devtools-core': './scripts/bundle/no-devtools.mjs' },
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { commandPages } = await import(`data:text/javascript;base64,${source}`);
const folder = 'docs/reference/commands';
const textOf = (name) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
for (const [name, text] of await commandPages(textOf)) writeFileSync(join(folder, name), text);
