// Writes usage and flags of each command into docs/commands.md. A test fails while the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const bundle = await build({
  entryPoints: ['scripts/flag-tables.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Only loaded where DEV is set.
  alias: { 'react-devtools-core': './scripts/bundle/no-devtools.mjs' },
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { withFlagTables } = await import(`data:text/javascript;base64,${source}`);
const page = 'docs/commands.md';
writeFileSync(page, await withFlagTables(readFileSync(page, 'utf8')));
