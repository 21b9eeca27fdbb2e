// Judges the labelled images of test/accuracy and prints what is answered rightly and wrongly, criterion by criterion.
//
//   npm run accuracy
//   CHPS_SCORER=path/to/chps-scorer.sh npm run accuracy    asks chps-scorer about them too (needs Docker; loads and removes each)
//   CHPS_SCORER_EVERY=4                                    ... about every fourth alone
//
// Exit 1: an answer of ours is not the right one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const bundle = await build({
  entryPoints: ['scripts/accuracy/main.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
  banner: {
    js: "import { createRequire as require_ } from 'node:module'; const require = require_(import.meta.url);",
  },
});
const folder = mkdtempSync(join(tmpdir(), 'scoville-accuracy-'));
try {
  const file = join(folder, 'accuracy.mjs');
  writeFileSync(file, bundle.outputFiles[0].contents);
  const { accuracy } = await import(pathToFileURL(file).href);
  process.exitCode = await accuracy({
    scorer: process.env.CHPS_SCORER || undefined,
    every: Math.max(1, Number(process.env.CHPS_SCORER_EVERY) || 1),
    print: (text) => process.stdout.write(text),
    log: (line) => process.stderr.write(`${line}\n`),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
