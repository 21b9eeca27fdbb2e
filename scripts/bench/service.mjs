// What grading a fleet costs by the service's workers, beside as many runs of `scoville grade` one after the other: cold, and a day later.
// The runs are estimated from some of them, half before and half after the fleet, so that a busy moment of the machine meets both.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { plugins } from '../bundle/plugins.mjs';
import { pushFleet, removeFleet } from './service-images.mjs';
import { row, tableText } from './table.mjs';
import { spread, timed } from './timing.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const FLEET = { images: 500, bases: 20, baseBytes: 4e6 };
const GRADERS = 2;

/** Needs the registry of scripts/engine.sh, and dist/. SCOVILLE_BENCH_DATABASE names a PostgreSQL with an empty database, in place of the embedded one. */
export async function service({ bin, quick, json, sample = 50 }) {
  const registry = process.env.SCOVILLE_REGISTRY;
  if (registry === undefined) throw new Error('first: eval "$(scripts/engine.sh env)"');
  const dir = mkdtempSync(join(tmpdir(), 'scoville-bench-service-'));
  const fleet = quick ? { ...FLEET, images: 100 } : FLEET;
  const say = (text) => void process.stderr.write(`bench: ${text}\n`);
  let pushed = [];
  let osv;
  try {
    await bundle(dir);
    osv = await startOsv(dir);
    say(`pushing ${fleet.images} images`);
    pushed = await pushFleet(registry, `bench-service-${process.pid}`, fleet);
    const repositories = pushed.map(({ repository }) => repository);
    const policy = join(dir, 'policy.yaml');
    writeFileSync(policy, `scanner: osv\nosv: { url: ${osv.url} }\n`);
    const env = { PATH: process.env.PATH, HOME: dir, SCOVILLE_HOME: join(dir, 'home') };
    const grade = (repository) =>
      timed(
        process.execPath,
        [bin, 'grade', '--quiet', '--policy', policy, `registry:${registry}/${repository}:1`],
        { env },
      ).seconds;
    // The images of a base come apart: as in the fleet, most meet a base that was read before.
    const chosen = (from) =>
      Array.from({ length: sample / 2 }, (_, i) => repositories[(from + i) % repositories.length]);
    say('grading some, one after the other');
    grade(repositories[0]);
    const before = chosen(0).map(grade);
    say('grading the fleet');
    const rounds = await runSubject(dir, {
      registry,
      repositories,
      graders: GRADERS,
      osvUrl: osv.url,
      home: join(dir, 'service'),
      database: process.env.SCOVILLE_BENCH_DATABASE ?? join(dir, 'database'),
      grader: new URL(`file://${join(dir, 'grader-process.js')}`).href,
    });
    const after = chosen(0).map(grade);
    const floor = spread([...before, ...after].map((one) => one * repositories.length));
    const [cold, again, { factBytes }] = rounds;
    const rowOf = (name, { seconds, cpuSeconds, graderSeconds, megabytes }, target) =>
      row(
        name,
        's',
        { thing: spread([seconds]), floor },
        {
          target,
          note: `${cpuSeconds.toFixed(1)} s of processor in the service, ${graderSeconds.toFixed(1)} s in its graders; MB of it and of each grader: ${megabytes.map(Math.round).join(', ')}`,
        },
      );
    const rows = [
      rowOf(`${repositories.length} images`, cold, 0.2),
      rowOf('  again, a day later', again, 0.02),
      row(
        '  facts of layers in the database',
        'KB',
        { thing: spread([factBytes / 1e3]) },
        {
          note: `${repositories.length + fleet.bases} layers`,
        },
      ),
    ];
    if (json) console.log(JSON.stringify({ schemaVersion: 1, rows }, null, 2));
    else
      console.log(
        `${tableText(rows)}\n\nFloor: as many runs of scoville grade, from ${sample} of them.`,
      );
  } finally {
    osv?.child.kill();
    await removeFleet(registry, pushed);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function bundle(dir) {
  mkdirSync(join(dir, 'subject'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const shared = {
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    jsx: 'automatic',
    absWorkingDir: ROOT,
    plugins,
    logLevel: 'error',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  };
  await build({
    ...shared,
    entryPoints: {
      'grader-process': 'src/service/grader-process.ts',
      'layer-worker': 'src/grade/layer-worker.ts',
    },
    outdir: dir,
    splitting: true,
  });
  await build({
    ...shared,
    entryPoints: {
      subject: 'scripts/bench/service-subject.ts',
      osv: 'scripts/bench/service-osv.ts',
    },
    outdir: join(dir, 'subject'),
    external: ['pg', 'pg-boss', '@electric-sql/pglite'],
  });
}

/** A server of vulnerabilities in a process of its own. */
function startOsv(dir) {
  const child = spawn(process.execPath, [join(dir, 'subject/osv.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.stdout.once('data', (line) => done({ child, url: line.toString().trim() }));
  });
}

function runSubject(dir, task) {
  const out = execFileSync(process.execPath, [join(dir, 'subject/subject.js')], {
    input: JSON.stringify(task),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
