// Writes the table of docs/service.md from the routes of the service. A test fails while it is not current.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';
import { SERVICE_PACKAGES } from './package/service-package.mjs';

// Where its libraries are found.
const folder = resolve('.scoville-docs');
mkdirSync(folder, { recursive: true });
try {
  const outfile = join(folder, 'api-page.mjs');
  await build({
    ...{ plugins, outfile, entryPoints: ['scripts/api-page.ts'] },
    ...{ bundle: true, platform: 'node', format: 'esm', jsx: 'automatic', logLevel: 'error' },
    external: SERVICE_PACKAGES,
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  const { withApiRows } = await import(pathToFileURL(outfile).href);
  const page = 'docs/service.md';
  writeFileSync(page, await withApiRows(readFileSync(page, 'utf8')));
} finally {
  rmSync(folder, { recursive: true });
}
