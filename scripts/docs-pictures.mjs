// Makes the pictures of docs/images by running the tool: a recording of a build, and its report in a browser.
// Needs what the end-to-end tests need (scripts/engine.sh up and test-tools), and dist/.
import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

// Beside the tests, whose files find the root of the project by their own place.
const bundle = 'test/e2e/pictures.tmp.mjs';
await build({
  plugins,
  entryPoints: ['scripts/pictures/pictures.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  // The embedded database finds its files by its own place.
  packages: 'external',
  format: 'esm',
});
try {
  const { makePictures } = await import(pathToFileURL(bundle));
  await makePictures();
} finally {
  rmSync(bundle);
}
