// What is said of real Dockerfiles: the verdict of each criterion that reads them (alone, and in a build that was a complete
// replay), findings of lint, edits of fix. Prints what changed since it was frozen. Files of others are read, never kept:
// test/contract/ has digests of them with the answers.
//
//   npm run contract                             the repository's own Dockerfiles
//   npm run contract -- FOLDER...                clones of public repositories too
//   npm run contract -- --freeze [FOLDER...]     keeps the answers of today
//   --cases FILE      JSON, an array of {text, options, files}: kept beside that file instead
//   --reader FILE     asks a bundle of scripts/contract/answers.ts as it was, instead of the sources of today
//   --show KIND       names the files of one kind of change: 'verified-downloads pass -> unknown'
//
// Exit 1: a verdict earns the point now that did not.
import './usage.mjs';
import { createHash } from 'node:crypto';
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
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { plugins } from './bundle/plugins.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    freeze: { type: 'boolean', default: false },
    cases: { type: 'string' },
    reader: { type: 'string' },
    show: { type: 'string' },
  },
});
const KEPT = 'test/contract';
const DOCKERFILE = /^(?:.*\.)?Dockerfile(?:[._-].*)?$|\.dockerfile$/i;

const { answersOf } = await reader();
const sets = values.cases === undefined ? folders() : [casesOf(values.cases)];
const changes = new Map();
let earned = 0;
for (const { file, cases } of sets) {
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const now = {};
  for (const one of cases) {
    const answers = answersOf(one);
    const key = createHash('sha256')
      .update([one.name, one.text].join('\0'))
      .digest('hex')
      .slice(0, 16);
    now[key] = answers === undefined ? 'not read' : lineOf(answers);
    if (before[key] !== undefined) compare(before[key], now[key], one.name);
  }
  if (values.freeze) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(now, undefined, 2)}\n`);
  }
  process.stdout.write(`${file}: ${Object.keys(now).length} Dockerfiles\n`);
}
for (const [change, names] of [...changes].sort()) {
  process.stdout.write(`${String(names.length).padStart(6)}  ${change}\n`);
  if (values.show === change) for (const name of names) process.stdout.write(`        ${name}\n`);
}
process.exitCode = earned > 0 ? 1 : 0;

async function reader() {
  if (values.reader !== undefined) return import(pathToFileURL(resolve(values.reader)).href);
  const bundle = await build({
    plugins,
    entryPoints: ['scripts/contract/answers.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    banner: {
      js: "import { createRequire as require_ } from 'node:module'; const require = require_(import.meta.url);",
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'scoville-contract-'));
  try {
    const file = join(folder, 'answers.mjs');
    writeFileSync(file, bundle.outputFiles[0].contents);
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function casesOf(file) {
  const all = JSON.parse(readFileSync(file, 'utf8'));
  return {
    file: file.replace(/(?:\.json)?$/, '.answers.json'),
    cases: all.map((one) => ({
      ...one,
      name: JSON.stringify([one.text, one.options ?? {}, one.files ?? {}]),
    })),
  };
}

function folders() {
  return ['.', ...positionals].map((root) => ({
    file: join(KEPT, `${root === '.' ? 'own' : basename(resolve(root))}.json`),
    cases: dockerfiles(root).map((path) => ({
      name: relative(root, path),
      text: readFileSync(path, 'utf8'),
      folder: dirname(path),
    })),
  }));
}

/** Paths of the Dockerfiles below a folder, in order. */
function dockerfiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return ['.git', 'node_modules', 'dist'].includes(entry.name) ? [] : dockerfiles(path);
      return entry.isFile() && DOCKERFILE.test(entry.name) ? [path] : [];
    });
}

function counted(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}

function lineOf({ verdicts, replayed, lint, edits }) {
  const outcomes = (of) =>
    Object.entries(of)
      .map(([id, [outcome]]) => `${id}=${outcome}`)
      .join(' ');
  return [
    outcomes(verdicts),
    outcomes(replayed),
    counted(lint.map((one) => one.split(' ').slice(0, 2).join('/'))),
    counted(edits.map((id) => id.split(':')[0])),
  ].join(' | ');
}

function fieldsOf(part) {
  return new Map(
    part
      .split(' ')
      .filter((one) => one !== '')
      .map((one) => one.split('=')),
  );
}

function compare(before, now, name) {
  const add = (kind) => {
    changes.set(kind, [...(changes.get(kind) ?? []), name]);
  };
  if (before === now) return;
  if (before === 'not read' || now === 'not read') {
    add('read or not read');
    return;
  }
  const [old, fresh] = [before, now].map((line) => line.split(' | ').map(fieldsOf));
  for (const [id, outcome] of fresh[0]) {
    const was = old[0].get(id);
    // Of a replay only what differs is kept.
    const replayedNow = fresh[1].get(id) ?? outcome;
    const replayedWas = old[1].get(id) ?? was;
    if (was !== outcome) add(`${id} ${was} -> ${outcome}`);
    if (replayedWas !== replayedNow) add(`${id} (replayed) ${replayedWas} -> ${replayedNow}`);
    if (isMet(outcome) && !isMet(was)) earned += 1;
  }
  for (const [part, what] of [
    [2, 'lint'],
    [3, 'fix'],
  ])
    for (const id of new Set([...old[part].keys(), ...fresh[part].keys()])) {
      const delta = Number(fresh[part].get(id) ?? 0) - Number(old[part].get(id) ?? 0);
      if (delta !== 0) add(`${what} ${id} ${delta < 0 ? 'fewer' : 'more'}`);
    }
}

function isMet(outcome) {
  return outcome === 'pass' || outcome === 'not-applicable';
}
