// Writes docs/criteria/ from src/criteria. A test fails while the pages are not current.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const bundle = await build({
  plugins,
  entryPoints: ['scripts/criteria-pages.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { criteriaPages } = await import(`data:text/javascript;base64,${source}`);
rmSync('docs/criteria', { recursive: true, force: true });
mkdirSync('docs/criteria', { recursive: true });
for (const [name, text] of criteriaPages()) writeFileSync(`docs/criteria/${name}`, text);
