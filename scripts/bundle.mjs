// Bundles the command into dist/: the command, with chunks only for what is loaded on demand (screens, shell parser, secret rules),
// and the code of the threads that compress and read layers. And the service into dist-service/: nothing of it is in dist/.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { joinChunks } from './bundle/join-chunks.mjs';
import { writeNotices } from './bundle/notices.mjs';
import { plugins } from './bundle/plugins.mjs';
import { toCommonJs } from './bundle/to-commonjs.mjs';
import { SERVICE_PACKAGES } from './package/service-package.mjs';

const require = createRequire(import.meta.url);
const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const options = {
  metafile: true,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  alias: {
    // Its CommonJS build has no named exports once it is loaded on demand.
    yaml: './node_modules/yaml/browser/index.js',
    // Its main file is UMD, which no bundler reads.
    'jsonc-parser': './node_modules/jsonc-parser/lib/esm/main.js',
    // Ink draws nothing where it takes the variable CI, empty too, for a CI system: what is drawn is decided before Ink is loaded.
    'is-in-ci': './scripts/bundle/not-in-ci.mjs',
    // A library of Ink's asks for an older one beside it.
    'string-width': './node_modules/string-width/index.js',
    undici: './scripts/bundle/undici-parts.mjs',
  },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minify: true,
  legalComments: 'linked',
  jsx: 'automatic',
  define: {
    SCOVILLE_VERSION: JSON.stringify(own.version),
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    'Intl.Segmenter': 'LazySegmenter',
  },
  inject: ['scripts/bundle/lazy-segmenter.mjs'],
  plugins,
  logLevel: 'warning',
};
const threads = {
  'compress-worker': 'src/normalize/compress-worker.ts',
  'layer-worker': 'src/grade/layer-worker.ts',
};
for (const folder of ['dist', 'dist-service']) rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({
  ...options,
  entryPoints: { main: 'src/bin.ts', ...threads },
  outdir: 'dist',
});
// What runs most often, and in each thread.
await joinChunks(metafile, [
  'src/bin.ts',
  // It starts what takes its time, before the rest is loaded.
  'src/cli/build-early.ts',
  'src/grade/layer-worker.ts',
  'src/cli/build.ts',
  'src/grade/grade-command.ts',
  'src/lint/lint-command.ts',
  'src/report/terminal.ts',
]);
const id = await toCommonJs('dist');
await build({
  entryPoints: { scoville: 'src/start.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  define: { CODE_ID: JSON.stringify(id) },
  logLevel: 'warning',
});
chmodSync('dist/scoville.js', 0o755);
writeNotices(metafile, own, {
  notices: 'dist/THIRD-PARTY-NOTICES.txt',
  sbom: 'dist/sbom.cdx.json',
});

const service = await build({
  ...options,
  entryPoints: {
    main: 'src/service/main.ts',
    'grader-process': 'src/service/grader-process.ts',
    ...threads,
  },
  outdir: 'dist-service',
  external: SERVICE_PACKAGES,
});
needRequire('dist-service');
writeNotices(
  service.metafile,
  { ...own, name: 'scoville-service' },
  {
    notices: 'dist-service/THIRD-PARTY-NOTICES.txt',
    sbom: 'dist-service/sbom.cdx.json',
  },
);

/**
 * Libraries in CommonJS ask for modules of Node through one function, which one chunk has. As a banner it would be in each of a hundred
 * chunks, and making it costs more than loading most of them.
 */
function needRequire(folder) {
  const line =
    "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);\n";
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const file = `${folder}/${name}`;
    const text = readFileSync(file, 'utf8');
    if (text.includes('typeof require')) writeFileSync(file, line + text);
  }
}
