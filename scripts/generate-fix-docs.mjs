// Writes the rules of docs/fix.md from their catalogue. A test fails while the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const bundle = await build({
  plugins,
  entryPoints: ['scripts/fix-page.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { fixPage } = await import(`data:text/javascript;base64,${source}`);
writeFileSync('docs/fix.md', fixPage(readFileSync('docs/fix.md', 'utf8')));
