// Writes the table of docs/service.md from schema/service-api-1.json. A test fails while it is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: ['scripts/api-page.ts'],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
});
const code = Buffer.from(outputFiles[0].contents).toString('base64');
const { withApiRows } = await import(`data:text/javascript;base64,${code}`);
const page = 'docs/service.md';
writeFileSync(page, withApiRows(readFileSync(page, 'utf8')));
