// npm run soak [-- --builds 200]: ten builds at once of one tree and of ten, then so many builds one after the other of a tree that changes
// each time, all into Docker, with figures of time, memory and disk. Needs the engine (scripts/engine.sh up) and the bundle.
//
// Exit 1: a build failed, a name does not mean what was built last, something was left over, or memory grew.
import './usage.mjs';
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { builds: { type: 'string', default: '200' } } });
const engine = execFileSync(join(ROOT, 'scripts/engine.sh'), ['env'], { encoding: 'utf8' });
const busybox = /SCOVILLE_BASE_BUSYBOX='?([^'\n]+)/.exec(engine)?.[1] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'scoville-soak-'));
const tag = `scoville-soak-${process.pid}`;
const names = new Set();
const memory = join(folder, 'memory');
/** Each scoville writes the most that it had in memory, in KiB. */
const PRELOAD = `data:text/javascript,${encodeURIComponent(
  "import { appendFileSync } from 'node:fs'; const to = process.env.SOAK_MEMORY; process.on('exit', () => appendFileSync(to, `${process.resourceUsage().maxRSS}\\n`));",
)}`;

function tree(name) {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, 'Dockerfile'),
    `FROM ${busybox}\nCOPY content /content\nRUN cp /content /copy\n`,
  );
  return (content) => {
    writeFileSync(join(dir, 'content'), content);
    return dir;
  };
}

function scoville(args) {
  const env = {
    ...process.env,
    SCOVILLE_HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    NODE_OPTIONS: `--import=${PRELOAD}`,
    SOAK_MEMORY: memory,
  };
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(ROOT, 'dist/scoville.js'), ...args], { env });
    let said = '';
    let out = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    child.stdout.on('data', (chunk) => (out += chunk));
    child.on('close', (code) =>
      code === 0 ? done(out.trim()) : fail(new Error(`exit ${code}: ${said}`)),
    );
  });
}

function build(name, dir) {
  names.add(name);
  return scoville(['build', '-q', '--load', '-t', name, dir]);
}

function check(isSo, what) {
  if (!isSo) throw new Error(what);
}

const docker = (...args) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
const contentOf = (name) =>
  docker('run', '--rm', '--network=none', '--pull=never', name, 'cat', '/copy');
const kib = (path) =>
  Number(execFileSync('du', ['-sk', path], { encoding: 'utf8' }).split('\t')[0]);
const say = (text) => process.stderr.write(`${text}\n`);
const mib = (size) => `${(size / 1024).toFixed(1)} MiB`;

function leftovers() {
  const home = readdirSync(join(folder, 'home'), { recursive: true });
  return [
    ...readdirSync(join(folder, 'tmp')),
    ...home.filter((path) => /(?:^|\/)\.tmp-|\.part$|owner\.json$|\/ingest$/.test(path)),
  ];
}

async function atOnce(what, jobs) {
  const started = performance.now();
  const ended = await Promise.allSettled(jobs.map(([name, dir]) => build(name, dir)));
  const failed = ended.filter(({ status }) => status === 'rejected');
  check(
    failed.length === 0,
    `ten at once, ${what}: ${failed.length} failed\n${failed.map(({ reason }) => reason.message).join('\n')}`,
  );
  const digests = ended.map(({ value }) => value);
  for (const [name, , content] of jobs) check(contentOf(name) === content, `${name} is another`);
  check(leftovers().length === 0, `left over: ${leftovers().join(', ')}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`ten at once, ${what}: 10 of 10 whole, ${new Set(digests).size} digests, ${seconds} s`);
}

try {
  mkdirSync(join(folder, 'tmp'));
  const one = tree('one')('one');
  const ten = Array.from({ length: 10 }, (_, i) => `${i}`);
  await atOnce(
    'of one tree',
    ten.map(() => [`${tag}:one`, one, 'one']),
  );
  await atOnce(
    'of ten trees',
    ten.map((i) => [`${tag}:ten-${i}`, tree(`ten-${i}`)(i), i]),
  );

  const builds = Number(values.builds);
  const soaked = tree('soak');
  const name = `${tag}:soak`;
  rmSync(memory);
  const times = [];
  const disk = [];
  for (let i = 0; i < builds; i += 1) {
    const content = `content ${i}`;
    const started = performance.now();
    // What it was keeps a name, by which it is removed in the end.
    if (i > 0) docker('tag', name, `${tag}:soak-${i}`);
    if (i > 0) names.add(`${tag}:soak-${i}`);
    await build(name, soaked(content));
    times.push((performance.now() - started) / 1000);
    disk.push(kib(join(folder, 'home')));
    check(contentOf(name) === content, `${name} is not build ${i}`);
    if ((i + 1) % 20 === 0)
      say(`build ${i + 1}: ${times.at(-1).toFixed(1)} s, home ${mib(disk.at(-1))}`);
  }
  check(leftovers().length === 0, `left over: ${leftovers().join(', ')}`);
  const peaks = readFileSync(memory, 'utf8').trim().split('\n').map(Number);
  const quarter = Math.max(1, Math.floor(builds / 4));
  const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const [first, last] = [middle(peaks.slice(0, quarter)), middle(peaks.slice(-quarter))];
  say(
    `memory at most ${mib(Math.max(...peaks))}; middle of the first quarter ${mib(first)}, of the last ${mib(last)}`,
  );
  say(
    `time in the middle of the first quarter ${middle(times.slice(0, quarter)).toFixed(1)} s, of the last ${middle(times.slice(-quarter)).toFixed(1)} s`,
  );
  const before = disk.at(-1);
  await scoville(['prune']);
  const after = kib(join(folder, 'home'));
  say(
    `home ${mib(disk[0])} after one build, ${mib(before)} after ${builds} (${((before - disk[0]) / builds).toFixed(0)} KiB a build), ${mib(after)} after prune`,
  );
  check(last < first * 1.2, 'memory grows with the number of builds');
  check(after < before, 'prune freed nothing');
  say(`${builds} builds, all whole`);
} finally {
  if (names.size > 0 && existsSync(folder))
    for (const name of names)
      try {
        docker('rmi', '--no-prune', name);
      } catch {
        // It was not built.
      }
  rmSync(folder, { recursive: true, force: true });
}
