import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ourBuild, plainBuild } from './engine.mjs';
import { row } from './table.mjs';
import { spread, timed } from './timing.mjs';

/** Times are told to a tenth of a second: what is less stands for half of one. */
const LEAST = 0.05;

/** The normalise step in a home of its own: the first run beside `gzip -6` of the same own layers, one with nothing changed beside the first. */
export function normaliseRows(setup) {
  const { dir, context, runs } = setup;
  plainBuild(context);
  const times = { first: [], again: [], gzip: [] };
  for (let run = 0; run < Math.min(runs, 3); run += 1) {
    const home = mkdtempSync(join(dir, 'normalise-'));
    try {
      times.first.push(normaliseSeconds(ourBuild({ ...setup, home }, context)));
      times.gzip.push(gzipSeconds(ownTars(home)));
      times.again.push(normaliseSeconds(ourBuild({ ...setup, home }, context)));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
  const first = spread(times.first);
  return [
    row(
      'normalise, first run',
      's',
      { thing: first, floor: spread(times.gzip) },
      {
        target: 1.5,
        note: 'floor: gzip -6 of the same own layers',
      },
    ),
    row(
      'normalise, nothing changed',
      's',
      { thing: spread(times.again), floor: first },
      {
        target: 0.1,
        isMost: false,
        note: 'floor: the first run',
      },
    ),
  ];
}

function gzipSeconds(tars) {
  return timed('bash', ['-c', 'gzip -6 -c "$@" >/dev/null', '-', ...tars]).seconds;
}

function normaliseSeconds({ phases }) {
  const found = phases.find(({ phase }) => phase === 'normalize');
  if (found === undefined) throw new Error('the build told no time of its normalise step');
  return Math.max(found.seconds, LEAST);
}

/** The own layers of the one image in the home's layout, unpacked beside it: those that BuildKit's manifest does not list. */
function ownTars(home) {
  const folder = join(home, 'layout', 'blobs', 'sha256');
  const manifests = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size < 100_000)
    .flatMap((path) => manifestIn(readFileSync(path, 'utf8')));
  const isOurs = ({ annotations }) => annotations?.['dev.scoville.normaliser'] !== undefined;
  const theirs = manifests.filter((one) => !isOurs(one)).flatMap(({ layers }) => layers);
  const known = new Set(theirs.map(({ digest }) => digest));
  const own = manifests.filter(isOurs).flatMap(({ layers }) => layers);
  return own
    .filter(({ digest }) => !known.has(digest))
    .map(({ digest }, i) => {
      const path = join(home, `own-${i}.tar`);
      const blob = join(folder, digest.slice('sha256:'.length));
      timed('bash', ['-c', 'zcat "$1" >"$2"', '-', blob, path]);
      return path;
    });
}

function manifestIn(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value.layers) ? [value] : [];
  } catch {
    return [];
  }
}
