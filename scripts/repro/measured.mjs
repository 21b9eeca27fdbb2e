// Prints each project of test/fixtures/repro-unseen/measured.json, which docs/reproducibility.md sums up: what --repro=deterministic gave when it was first run, and after the repairs.
import { readFileSync } from 'node:fs';

const rows = JSON.parse(readFileSync('test/fixtures/repro-unseen/measured.json', 'utf8'));
const cells = rows.map(({ project, set, first, now, left = '', edit = '' }) =>
  [project, set, first ?? '', now ?? '', left, edit].join(' | '),
);
const head = ['project', 'set', 'first run', 'now', 'what is left: class, line', 'edit'];
process.stdout.write(`| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |\n`);
for (const row of cells) process.stdout.write(`| ${row} |\n`);
for (const set of [
  'seen',
  'kept back',
  'second',
  'third',
  'fourth',
  'fourth, kept back',
  'fifth',
  'sixth',
]) {
  const of = rows.filter((row) => row.set === set);
  const told = (key) =>
    `${of.filter((row) => row[key] === 'same').length} of ${of.filter((row) => row[key] !== null).length}`;
  process.stdout.write(
    `\n${set}: the same in the first run ${told('first')}, now ${told('now')}\n`,
  );
}
