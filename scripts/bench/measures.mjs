import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BASE, ourBuild, plainBuild } from './engine.mjs';
import { changeSource } from './image.mjs';
import { row } from './table.mjs';
import { inTurns, spread, timed } from './timing.mjs';

const INSIDE = new URL('inside.mjs', import.meta.url).pathname;

/** What a command costs that does nothing. */
export function startRows({ bin, runs }) {
  const node = () => timed(process.execPath, ['-e', '0']).seconds;
  return ['--help', '--version'].map((flag) =>
    row(
      `scoville ${flag}`,
      's',
      inTurns(runs * 3, node, () => timed(process.execPath, [bin, flag]).seconds),
      { target: 1.5, isMost: false, note: 'floor: node -e 0' },
    ),
  );
}

/** The first build of the image, base and context being there: both without a cache for its own layers. */
export function firstRows(setup) {
  // Else the one that comes first alone would send the context.
  plainBuild(setup.context);
  const floor = spread([plainBuild(setup.context, '--no-cache')]);
  const { seconds, phases } = ourBuild(setup, setup.context, '--no-cache');
  return [
    row(
      'first build',
      's',
      { thing: spread([seconds]), floor },
      { note: 'floor: docker buildx build --no-cache' },
    ),
    ...phases.map((p) =>
      row(`  ${p.phase}`, 's', { thing: spread([p.seconds]) }, { note: p.detail }),
    ),
  ];
}

/** The same build again, and one after the small COPY changed. */
export function rebuildRows(setup) {
  const { context, runs } = setup;
  plainBuild(context);
  ourBuild(setup, context);
  const unchanged = inTurns(
    runs,
    () => plainBuild(context),
    () => ourBuild(setup, context).seconds,
  );
  let version = 0;
  let phases = [];
  const fresh = (act) => {
    changeSource(context, (version += 1));
    return act();
  };
  const changed = inTurns(
    runs,
    () => fresh(() => plainBuild(context)),
    () =>
      fresh(() => {
        const done = ourBuild(setup, context);
        ({ phases } = done);
        return done.seconds;
      }),
  );
  const note = phases.map((p) => `${p.phase} ${p.seconds}`).join(', ');
  return [
    row('unchanged rebuild', 's', unchanged, { target: 4, note: 'floor: docker buildx build' }),
    row('rebuild, one COPY changed', 's', changed, { target: 3, note }),
  ];
}

/** Reading and inspecting the base's layers, against unpacking them; compressing, against zlib. */
export async function insideRows({ home, dir, runs }) {
  const bundle = await bundleSubject(dir);
  const layers = largeBlobs(home);
  const zcat = () => timed('zcat', layers, { stdio: ['ignore', 'ignore', 'pipe'] }).seconds;
  const inspect = () => timed(process.execPath, [INSIDE, 'inspect', bundle, ...layers]).seconds;
  const bytes = layers.reduce((sum, path) => sum + statSync(path).size, 0);
  const walk = inTurns(Math.min(runs, 3), zcat, inspect);
  const { stdout } = timed(process.execPath, [INSIDE, 'compress', bundle, layers[0]]);
  const { ours, zlib, sizes } = JSON.parse(stdout);
  const size = `size ${(sizes.ours * 100).toFixed(1)} % of plain, zlib's ${(sizes.zlib * 100).toFixed(1)} %`;
  return [
    row('walk and inspect, one thread', 's', walk, {
      note: `floor: zcat of ${layers.length} layers, ${(bytes / 1e6).toFixed(0)} MB`,
    }),
    row(
      'compressor',
      'MB/s',
      { thing: spread(ours), floor: spread(zlib) },
      { note: `floor: zlib level 6, one thread; ${size}` },
    ),
  ];
}

async function bundleSubject(dir) {
  const folder = (name) => new URL(`../../${name}`, import.meta.url).pathname;
  await build({
    entryPoints: {
      subject: folder('scripts/bench/subject.ts'),
      'compress-worker': folder('src/normalize/compress-worker.ts'),
    },
    outdir: dir,
    outExtension: { '.js': '.js' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify: true,
    logLevel: 'error',
  });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  return join(dir, 'subject.js');
}

/** Compressed layers of 10 MB and more in the layout store of `home`, largest first. */
function largeBlobs(home) {
  const folder = join(home, 'layout', 'blobs', 'sha256');
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size > 10e6 && isGzip(path))
    .sort((a, b) => statSync(b).size - statSync(a).size);
}

function isGzip(path) {
  const fd = openSync(path);
  const head = Buffer.alloc(2);
  readSync(fd, head);
  closeSync(fd);
  return head.toString('hex') === '1f8b';
}

/** One call of cosign with a key, as each statement costs it. */
export function cosignRow({ home, dir, runs }) {
  const scratch = join(dir, 'cosign');
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, 'predicate.json'), '{}');
  writeFileSync(join(scratch, 'blob'), '{}');
  const help = timed('cosign', ['attest-blob', '--help']);
  const isOld = !(help.stdout + help.stderr).includes('--signing-config');
  const config = join(scratch, 'signing-config.json');
  const trust = join(scratch, 'trusted-root.json');
  if (!isOld) {
    writeFileSync(config, timed('cosign', ['signing-config', 'create']).stdout);
    writeFileSync(
      trust,
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
  }
  const offline = isOld
    ? ['--tlog-upload=false', '--new-bundle-format']
    : ['--signing-config', config, '--trusted-root', trust];
  const key = join(home, 'config', 'keys', 'cosign.key');
  const files = [
    '--bundle',
    join(scratch, 'bundle'),
    '--predicate',
    join(scratch, 'predicate.json'),
  ];
  const type = ['--type', 'https://example.org/bench'];
  const args = ['attest-blob', '--yes', '--key', key, ...offline, ...files, ...type];
  const env = { ...process.env, COSIGN_PASSWORD: '' };
  const call = () => timed('cosign', [...args, join(scratch, 'blob')], { env }).seconds;
  const times = Array.from({ length: runs }, call);
  rmSync(scratch, { recursive: true });
  return row('cosign attest-blob', 's', { thing: spread(times) });
}

/** Makes the base in the engine; not measured. */
export function buildBase(dir) {
  timed('docker', ['buildx', 'build', '--provenance=false', '-t', BASE, dir]);
}
