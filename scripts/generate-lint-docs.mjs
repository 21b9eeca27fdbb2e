// Writes docs/lint.md from the catalogue of rules. A test fails while the page is not current.
import { writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const bundle = await build({
  plugins,
  entryPoints: ['scripts/lint-page.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { lintPage } = await import(`data:text/javascript;base64,${source}`);
writeFileSync('docs/lint.md', lintPage());
