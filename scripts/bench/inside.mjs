// Run by bench.mjs as a process of its own: `inside.mjs inspect BUNDLE PATH...` or `inside.mjs compress BUNDLE FILE`.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const [what, bundle, ...paths] = process.argv.slice(2);
const { inspectLayers, compress } = await import(bundle);
if (what === 'inspect') {
  const layers = paths.map((path) => ({ path, digest: `sha256:${basename(path)}` }));
  console.log(JSON.stringify({ entries: await inspectLayers(layers) }));
} else {
  const plain = gunzipSync(readFileSync(paths[0])).subarray(0, 96 << 20);
  const ours = [];
  const zlib = [];
  let sizes;
  for (let run = 0; run < 3; run += 1) {
    const started = performance.now();
    const { length } = gzipSync(plain, { level: 6 });
    const between = performance.now();
    const size = await compress(plain);
    ours.push(plain.length / 1e3 / (performance.now() - between));
    zlib.push(plain.length / 1e3 / (between - started));
    sizes = { zlib: length / plain.length, ours: size / plain.length };
  }
  console.log(JSON.stringify({ ours, zlib, sizes }));
}
