import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { blobPaths, changeLayout, PACKINGS, realLayout, writeLayout } from './layout.mjs';
import { isInstalled, scorerRows, trivyRows } from './peers.mjs';
import { row } from './table.mjs';
import { inTurns, spread, timed } from './timing.mjs';

const USAGE = new URL('usage.mjs', import.meta.url).pathname;
const MOST_MEGABYTES = 300;

/** What grading an image costs: cold and warm, with secrets and without, gzip and zstd, each beside the bare unpacking of its layers. */
export async function gradeRows(setup) {
  const rows = [];
  for (const packing of Object.keys(PACKINGS)) {
    const [tool] = PACKINGS[packing].pack;
    if (!isInstalled(tool)) continue;
    const layout = await writeLayout(join(setup.dir, `layout-${packing}`), setup.size, packing);
    await changeLayout(layout, 0);
    rows.push(...(await (packing === 'gzip' ? gzipRows : zstdRows)(setup, layout)));
    rmSync(layout.dir, { recursive: true });
  }
  return rows;
}

/** What grading real images costs, in time of processors: one that is mostly one layer, or programs, costs more than the generated one. */
export function realRows(setup) {
  return setup.layouts.flatMap((dir) => {
    const layout = realLayout(dir);
    const rowOf = (name, flags) => {
      const used = { cpu: [], megabytes: [] };
      const { floor } = inTurns(setup.runs, floorOf(layout), () =>
        cold(setup, layout, flags, used),
      );
      const note = 'floor: zcat; time of processors';
      return row(`${basename(dir)}: ${name}`, 's', { thing: spread(used.cpu), floor }, { note });
    };
    return [rowOf('cold, without secrets', ['--secrets=false']), rowOf('cold', [])];
  });
}

async function gzipRows(setup, layout) {
  const { runs } = setup;
  const used = { cpu: [], megabytes: [] };
  const plain = inTurns(runs, floorOf(layout), () => cold(setup, layout, ['--secrets=false']));
  const whole = inTurns(runs, floorOf(layout), () => cold(setup, layout, [], used));
  const warm = await warmTimes(setup, layout);
  return [
    row('cold grade without secrets', 's', plain, { target: 0.45, note: 'floor: zcat' }),
    row('cold grade', 's', whole, {
      target: 0.6,
      note: `floor: zcat; ${spread(used.cpu).median.toFixed(1)} s of processors`,
    }),
    row('  memory at most', 'MB', limited(used.megabytes), { target: 1, note: 'of 300 MB' }),
    row(
      'grade again, small layer changed',
      's',
      { thing: warm, floor: whole.thing },
      { target: 0.1, note: 'floor: the cold grade' },
    ),
    ...trivyRows(setup, layout, { plain: plain.thing, whole: whole.thing }),
    ...scorerRows(setup),
  ];
}

function zstdRows(setup, layout) {
  const times = inTurns(setup.runs, floorOf(layout), () =>
    cold(setup, layout, ['--secrets=false']),
  );
  return [
    row('cold grade of zstd layers, without secrets', 's', times, {
      target: 2.5,
      note: 'floor: zstd -dc',
    }),
  ];
}

/** Grades again after another small layer; the others' facts are there. */
async function warmTimes(setup, layout) {
  const times = [];
  grade(setup, layout, []);
  for (let run = 1; run <= setup.runs; run += 1) {
    await changeLayout(layout, run);
    times.push(timedGrade(setup, layout, []).seconds);
  }
  return spread(times);
}

/** Without facts from before. */
function cold(setup, layout, flags, used) {
  rmSync(setup.home, { recursive: true, force: true });
  const { seconds, usage } = grade(setup, layout, flags);
  used?.cpu.push(usage.cpu);
  used?.megabytes.push(usage.megabytes);
  return seconds;
}

function grade(setup, layout, flags) {
  const file = join(setup.dir, 'usage.json');
  const { seconds } = timedGrade(setup, layout, flags, ['--import', USAGE], { BENCH_USAGE: file });
  return { seconds, usage: JSON.parse(readFileSync(file, 'utf8')) };
}

/** As a user's; what Node is given besides costs a short run a part of its time. */
function timedGrade({ bin, home }, layout, flags, node = [], more = {}) {
  const args = [...node, bin, 'grade', ...flags, '--scanner', 'none', '--offline'];
  const env = { ...process.env, SCOVILLE_HOME: home, ...more };
  return timed(process.execPath, [...args, `oci:${layout.dir}`], { env });
}

function floorOf(layout) {
  const [tool, ...flags] = PACKINGS[layout.packing].unpack;
  const stdio = ['ignore', 'ignore', 'pipe'];
  return () => timed(tool, [...flags, ...blobPaths(layout)], { stdio }).seconds;
}

function limited(megabytes) {
  const most = { median: MOST_MEGABYTES, min: MOST_MEGABYTES, max: MOST_MEGABYTES, runs: 1 };
  return { thing: spread(megabytes), floor: most };
}
