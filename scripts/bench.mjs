// What scoville costs over plain `docker buildx build` and over unpacking layers, each thing beside its floor in the same run. Never
// fails on a time.
//   npm run bench -- [--quick] [--json] [--runs N] [--bin FILE] [--keep] [--grade] [--layout FOLDER ...] [--advisories] [--hermetic] [--loop [--only TEXT]] [--service [--queue]] [--badges]
// --quick: an image of 200 MB in place of 1.5 GB. --keep: leave images and files for another run, which takes them again.
// --layout: only what grading these images costs, each an OCI layout (docker save IMAGE | tar -x -C FOLDER).
// --grade: only the grading, for which no Docker is needed. trivy on the PATH is measured beside it, and CHPS_SCORER=path/to/chps-scorer.sh too (with Docker).
// --hermetic: only what recording and replaying cost.
// --loop: only edit, build, run: of a small project, and of large layers that changed (after `. <(scripts/engine.sh env)`). --only: whose name has this.
// --service: only a fleet of images by the workers of the service (after `. <(scripts/engine.sh env)`).
// --service --queue: only how many jobs a second a PostgreSQL carries (SCOVILLE_BENCH_DATABASE) that do nothing, of one worker and of fifty.
// --badges: only how many badges a second the service answers.
// --advisories: only the scan by a database of half a million advisories.
import './usage.mjs';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BASE, cacheBefore, cleanEngine } from './bench/engine.mjs';
import { gradeRows, realRows } from './bench/grade.mjs';
import { hermeticRows } from './bench/hermetic.mjs';
import { loopRows } from './bench/loop.mjs';
import { MARK, SIZES, writeAppContext, writeBaseContext } from './bench/image.mjs';
import * as measures from './bench/measures.mjs';
import { normaliseRows } from './bench/normalise.mjs';
import { tableText } from './bench/table.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    grade: { type: 'boolean', default: false },
    advisories: { type: 'boolean', default: false },
    hermetic: { type: 'boolean', default: false },
    loop: { type: 'boolean', default: false },
    only: { type: 'string' },
    service: { type: 'boolean', default: false },
    queue: { type: 'boolean', default: false },
    badges: { type: 'boolean', default: false },
    layout: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '5' },
    bin: { type: 'string', default: 'dist/scoville.js' },
  },
});
if (values.advisories) {
  (await import('./bench/advisories.mjs')).advisories();
  process.exit();
}
if (values.badges) {
  await (await import('./bench/badges.mjs')).badges();
  process.exit();
}
if (values.service && values.queue) {
  await (await import('./bench/service-queue.mjs')).serviceQueue({ quick: values.quick });
  process.exit();
}
if (values.service) {
  const { service } = await import('./bench/service.mjs');
  await service({ bin: resolve(values.bin), quick: values.quick, json: values.json });
  process.exit();
}
const sizeName = values.quick ? 'quick' : 'large';
const size = SIZES[sizeName];
const dir = join(process.env.SCOVILLE_BENCH_DIR ?? tmpdir(), `${MARK}-${sizeName}`);
const setup = {
  bin: resolve(values.bin),
  runs: Number(values.runs),
  only: values.only,
  dir,
  home: join(dir, 'home'),
  // BuildKit keeps the copies of contexts by the folder's own name: no other build is to share ours.
  context: join(dir, `${MARK}-context`),
  base: join(dir, `${MARK}-base`),
  size,
  layouts: values.layout.map((path) => resolve(path)),
};
if (!existsSync(setup.bin)) throw new Error(`${setup.bin} is not there: npm run build`);

const say = (text) => void process.stderr.write(`bench: ${text}\n`);
// Of a run that kept its things, what was there before it.
const beforeFile = join(dir, 'cache-before.json');
const cached = existsSync(beforeFile) ? JSON.parse(readFileSync(beforeFile, 'utf8')) : undefined;
const needsEngine = !values.grade && values.layout.length === 0;
const needsImages = needsEngine && !values.hermetic && !values.loop;
const before = needsEngine ? new Set(cached ?? cacheBefore()) : undefined;
setup.before = before;
const removeAll = () => {
  say('removing images, build cache and files');
  if (before !== undefined) cleanEngine(before);
  rmSync(dir, { recursive: true, force: true });
};

/** Images in the engine, as the steps take them. */
function makeImages() {
  writeFileSync(beforeFile, JSON.stringify([...before]));
  say(`making an image of ${((size.base.bytes + size.app.bytes) / 1e9).toFixed(1)} GB`);
  writeBaseContext(setup.base, size);
  measures.buildBase(setup.base);
  rmSync(setup.base, { recursive: true });
  writeAppContext(setup.context, size, BASE);
}

const withEngine = {
  'starting up': measures.startRows,
  'first build': measures.firstRows,
  'building again': measures.rebuildRows,
  'the normaliser': normaliseRows,
  'walk and compressor': measures.insideRows,
  'a cosign call': (s) => [measures.cosignRow(s)],
  recording: hermeticRows,
};
const steps =
  values.layout.length > 0
    ? { 'grading real images': realRows }
    : values.hermetic
      ? { recording: hermeticRows }
      : values.loop
        ? { 'edit, build, run': loopRows }
        : { ...(needsEngine ? withEngine : {}), grading: gradeRows };

const rows = [];
const load = { before: loadavg()[0] };
try {
  rmSync(setup.home, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  if (needsImages) makeImages();
  for (const [what, measure] of Object.entries(steps)) {
    say(what);
    rows.push(...(await measure(setup)));
  }
  load.after = loadavg()[0];
} finally {
  if (!values.keep) removeAll();
}

const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, load };
if (values.json)
  console.log(JSON.stringify({ schemaVersion: 1, size: sizeName, machine, rows }, null, 2));
else {
  console.log(tableText(rows));
  console.log(
    `\n${sizeName} image; ${machine.cpus} CPUs, Node ${machine.node}; load ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after. Medians (least-most, runs).`,
  );
}
