// Judges the labelled images of test/accuracy and prints what is answered rightly and wrongly, criterion by criterion.
//
//   npm run accuracy
//   CHPS_SCORER=path/to/chps-scorer.sh npm run accuracy    asks chps-scorer about them too (needs Docker; loads and removes each)
//   CHPS_SCORER_EVERY=4                                    ... about every fourth alone
//
//   npm run accuracy -- --secrets [--clean DIR] [--half tuned|unseen]
//       what the search for secrets finds of planted ones, and what it finds in DIR, a folder of root filesystems without any;
//       GITLEAKS=program and TRUFFLEHOG=program are measured beside it
//
// Exit 1: an answer of ours is not the right one.
import './usage.mjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const { values } = parseArgs({
  options: {
    secrets: { type: 'boolean', default: false },
    clean: { type: 'string' },
    half: { type: 'string', default: 'both' },
  },
});
const { secrets } = values;
const bundle = await build({
  plugins,
  entryPoints: [secrets ? 'scripts/accuracy/secrets.ts' : 'scripts/accuracy/main.ts'],
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
  const { accuracy, secretsAccuracy } = await import(pathToFileURL(file).href);
  if (secrets)
    secretsAccuracy({
      ...values,
      folder,
      gitleaks: process.env.GITLEAKS || undefined,
      trufflehog: process.env.TRUFFLEHOG || undefined,
      print: (text) => process.stdout.write(text),
    });
  else
    process.exitCode = await accuracy({
      scorer: process.env.CHPS_SCORER || undefined,
      every: Math.max(1, Number(process.env.CHPS_SCORER_EVERY) || 1),
      print: (text) => process.stdout.write(text),
      log: (line) => process.stderr.write(`${line}\n`),
    });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
