// Edit, build, run: what each takes beside `docker build`, until the image can be run and until the scorecard is there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { makeFile, numbers, pools } from './content.mjs';
import { cleanEngine } from './engine.mjs';
import { MARK } from './image.mjs';
import { row, tableText } from './table.mjs';
import { spread, timed } from './timing.mjs';

const { SCOVILLE_BASE_BUSYBOX: BUSYBOX = 'busybox' } = process.env;
/** Bases from `scripts/engine.sh env`; without them those that the Dockerfile names. */
const BASES = { NODE_BUILD: 'SCOVILLE_BASE_NODE', NODE_RUNTIME: 'SCOVILLE_BASE_NODE_DISTROLESS' };

/** What is built, and what a person changes between two builds. */
const PROJECTS = [
  { name: 'unchanged', make: nodeApp, change: () => undefined, run: 2, card: 2 },
  {
    name: 'one source line',
    make: nodeApp,
    change: (dir, turn) => appendFileSync(join(dir, 'src/server.js'), `// ${turn}\n`),
    run: 2,
    card: 2.5,
  },
  { name: 'a COPY of 0.9 GB', make: copies([9e8]), change: changeAll(1), card: 1.1, isLarge: true },
  {
    name: 'four COPYs of 0.1 GB',
    make: copies([1e8, 1e8, 1e8, 1e8]),
    change: changeAll(4),
    isLarge: true,
  },
];

/** Rows for each project: ends, and the seconds of each phase in its last build. */
export async function loopRows(setup) {
  await startOsv(setup.home);
  const rows = [];
  for (const project of PROJECTS.filter(({ name }) => name.includes(setup.only ?? ''))) {
    const found = await projectRows(setup, project);
    // What comes next takes minutes, and may fail.
    process.stderr.write(`${tableText(found)}\n`);
    rows.push(...found);
  }
  return rows;
}

/** What a user has: an OSV that answers, here that it knows of no vulnerability. */
async function startOsv(home) {
  const server = createServer(async (asked, answer) => {
    const { queries = [] } = JSON.parse(Buffer.concat(await asked.toArray()).toString() || '{}');
    answer.setHeader('content-type', 'application/json');
    // What is asked for without a version shows that it knows the release.
    const results = queries.map(({ version }) =>
      version === undefined ? { vulns: [{ id: 'KNOWN-1', modified: '' }] } : {},
    );
    answer.end(JSON.stringify({ results }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  server.unref();
  mkdirSync(join(home, 'config'), { recursive: true });
  const url = `http://127.0.0.1:${server.address().port}`;
  writeFileSync(join(home, 'config/config.yaml'), `osv: {url: '${url}'}\n`);
}

async function projectRows(
  { bin, home, dir, runs, before },
  { name, make, change, run, card, isLarge },
) {
  const context = join(dir, `${MARK}-loop`);
  rmSync(context, { recursive: true, force: true });
  const flags = make(context);
  const image = (by) => `${MARK}-loop-${by}`;
  const docker = ['docker', 'build', '--progress=plain', '-t', image('docker'), ...flags, context];
  const ours = [process.execPath, bin, 'build', '-t', image('ours'), ...flags, context];
  const seen = { docker: [], ours: [] };
  // The first of each fills caches and is not counted.
  for (let turn = 0; turn <= (isLarge ? Math.ceil(runs / 2) : runs); turn += 1) {
    for (const [by, command] of [
      ['docker', docker],
      ['ours', ours],
    ]) {
      // Never what an earlier run has left in BuildKit's cache.
      change(context, `${Date.now()} ${by}`);
      const found = await watched(command, { SCOVILLE_HOME: home });
      if (turn > 0) seen[by].push(found);
    }
    // Each turn of them is some gigabytes.
    if (isLarge) {
      timed('docker', ['rmi', '--force', image('docker'), image('ours')]);
      cleanEngine(before);
    }
  }
  timed('docker', ['rmi', '--force', image('docker'), image('ours')]);
  rmSync(context, { recursive: true, force: true });
  const of = (by, what) => spread(seen[by].map((one) => one[what]));
  const floor = of('docker', 'end');
  const { phases } = seen.ours.at(-1);
  return [
    row(`${name}: can be run`, 's', { thing: of('ours', 'run'), floor }, { target: run }),
    row(
      `${name}: card`,
      's',
      { thing: of('ours', 'end'), floor },
      {
        target: card,
        note: phases.map((one) => `${one.phase} ${one.seconds}`).join(', '),
      },
    ),
    row(`${name}: processor time`, 's', { thing: of('ours', 'cpu'), floor: of('docker', 'cpu') }),
  ];
}

const TIMES = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/gm;

/** Seconds until the image can be run and until the end, and of processors, children included. */
function watched(command, env) {
  return new Promise((done, fail) => {
    const since = performance.now();
    const at = () => (performance.now() - since) / 1000;
    const child = spawn('bash', ['-c', '"$@"; code=$?; times >&3; exit $code', '-', ...command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let [log, times, run] = ['', '', undefined];
    child.stdio[3].on('data', (chunk) => (times += chunk));
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (/^scoville: load into Docker: (?!.*\.\.\.$)/m.test(log)) run ??= at();
    });
    child.on('close', (code) => {
      const end = at();
      if (code !== 0)
        return fail(new Error(`${command.slice(0, 4).join(' ')}:\n${log.slice(-2000)}`));
      const cpu = [...times.matchAll(TIMES)].reduce(
        (sum, [, ...t]) =>
          sum + Number(t[0]) * 60 + Number(t[1]) + Number(t[2]) * 60 + Number(t[3]),
        0,
      );
      const lines = log.matchAll(/^scoville: ([a-z ]+): .* \((?:cached, )?([\d.]+)s\)$/gim);
      const phases = [...lines].map(([, phase, seconds]) => ({ phase, seconds }));
      done({ end, run: run ?? end, cpu, phases });
    });
  });
}

function nodeApp(dir) {
  cpSync(new URL('../../examples/node-app', import.meta.url).pathname, dir, { recursive: true });
  const git = (...args) =>
    timed('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'app');
  return Object.entries(BASES).flatMap(([argument, variable]) =>
    process.env[variable] === undefined
      ? []
      : ['--build-arg', `${argument}=${process.env[variable]}`],
  );
}

/** A context of folders of so many bytes, each with a COPY of its own. */
function copies(sizes) {
  return (dir) => {
    const material = pools();
    sizes.forEach((bytes, folder) => {
      const next = numbers(folder + 1);
      mkdirSync(join(dir, String(folder)), { recursive: true });
      for (let file = 0, left = bytes; left > 0; file += 1) {
        const { content, extension } = makeFile(material, next, 400_000);
        writeFileSync(join(dir, String(folder), `f${file}.${extension}`), content);
        left -= content.length;
      }
    });
    const lines = sizes.map((_, folder) => `COPY ${folder} /srv/${folder}`);
    writeFileSync(
      join(dir, 'Dockerfile'),
      [`FROM ${BUSYBOX}`, ...lines, 'CMD ["true"]', ''].join('\n'),
    );
    return [];
  };
}

function changeAll(folders) {
  return (dir, turn) => {
    for (let folder = 0; folder < folders; folder += 1)
      writeFileSync(join(dir, String(folder), 'turn'), turn);
  };
}
