// Holds how Scoville reads images against how Docker's engines do, on images made at random.
//
//   npm run differential -- [--documents | --layers | --texts] [--minutes N] [--seed N] [--store containerd|overlay2|both]
//
// With --texts, Dockerfiles, words, ignore files and platforms are read by Docker's own Go packages beside ours: that needs
// golang-go and golang-github-docker-docker-dev of Debian, and no Docker.
//
// Needs root, Docker with the containerd image store, and dockerd for a second engine with the classic store.
// Exit 1: something is read otherwise.
import './usage.mjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    store: { type: 'string', default: 'both' },
    documents: { type: 'boolean', default: false },
    layers: { type: 'boolean', default: false },
    texts: { type: 'boolean', default: false },
  },
});
const bundle = await build({
  plugins,
  entryPoints: ['test/differential/main.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  write: false,
  // Paths in the bundle are those of the folder that it lies in.
  define: { 'import.meta.dirname': JSON.stringify(join(process.cwd(), 'test/e2e')) },
});
const folder = mkdtempSync(join(process.cwd(), 'node_modules/.scoville-differential-'));
try {
  const file = join(folder, 'differential.mjs');
  writeFileSync(file, bundle.outputFiles[0].contents);
  const { differential } = await import(pathToFileURL(file).href);
  const options = {
    parts: ['documents', 'layers', 'texts'].filter(
      (part) =>
        values[part] || (part !== 'texts' && !(values.documents || values.layers || values.texts)),
    ),
    minutes: Number(values.minutes),
    seed: Number(values.seed),
    store: values.store,
  };
  const count = await differential(options, (line) => process.stderr.write(`${line}\n`));
  process.exitCode = count === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
