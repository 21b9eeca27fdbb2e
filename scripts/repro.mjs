// Which Dockerfiles build twice to the same image: by safe rules, where those do not suffice by aggressive ones, then with the same inputs. Prints a Markdown table.
//   npm run repro -- [DIR...] [--fail NAME]... [--behave] [--bin FILE] [-- BUILD FLAGS]
// DIR: a folder with a Dockerfile, or one of such folders; SCOVILLE_REPRO_CORPUS names them too; by default examples/ and test/fixtures/repro.
// --fail NAME: this one is known to differ. A file `expect-difference` in its folder says the same.
// --behave: whether each image's own command (or the script `check` of its folder) does the same with the rules as without; nothing is built twice.
// A script `prepare` in a folder is run in a copy of it, which is then built.
// --engines: whether the engine of the second toolchain gives the same digest as the one that is there (after scripts/engine.sh test-tools).
// Exit 1 where one differs that is not known to, or one that is does not; 2 where one does not build.
import './usage.mjs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { behavesAsBefore } from './repro/behave.mjs';
import { corpus, withPrepared } from './repro/corpus.mjs';
import { onBothEngines } from './repro/engines.mjs';
import { measure } from './repro/measure.mjs';
import { tableText } from './repro/table.mjs';

const words = process.argv.slice(2);
const dashes = words.indexOf('--');
const { values, positionals } = parseArgs({
  args: dashes < 0 ? words : words.slice(0, dashes),
  allowPositionals: true,
  options: {
    fail: { type: 'string', multiple: true, default: [] },
    behave: { type: 'boolean', default: false },
    engines: { type: 'boolean', default: false },
    bin: { type: 'string', default: 'dist/scoville.js' },
  },
});
const flags = dashes < 0 ? [] : words.slice(dashes + 1);
const given =
  positionals.length > 0 ? positionals : (process.env.SCOVILLE_REPRO_CORPUS ?? '').split(':');
const named = given.filter((text) => text !== '');
const folders = corpus(named.length > 0 ? named : ['examples', 'test/fixtures/repro'], values.fail);
if (folders.length === 0) throw new Error('no Dockerfile in these folders');

if (values.behave) {
  for (const folder of folders) {
    const same = withPrepared(folder, (one) => behavesAsBefore(resolve(values.bin), one, flags));
    const told =
      same === undefined ? 'no command to run, or not built' : same ? 'as before' : 'OTHER';
    process.stdout.write(`${folder.name}: ${told}\n`);
    if (same === false) process.exitCode = 1;
  }
} else if (values.engines) compareEngines();
else measureAll();

function measureAll() {
  const rows = [];
  for (const folder of folders) {
    process.stderr.write(`repro: ${folder.name}\n`);
    rows.push(withPrepared(folder, (one) => measure(resolve(values.bin), one, flags)));
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
  process.stdout.write(`${tableText(rows)}\n`);
  if (rows.some(({ error }) => error !== undefined)) process.exitCode = 2;
  else if (rows.some(({ isKnown, isSame }) => isKnown === isSame)) process.exitCode = 1;
}

function compareEngines() {
  const { versions, rows } = onBothEngines(resolve(values.bin), folders, flags);
  for (const { name, digests } of rows) {
    const isSame = digests[0] !== undefined && digests[0] === digests[1];
    process.stdout.write(
      `${name}: ${isSame ? `same on ${versions.join(' and ')}, ${digests[0]}` : `OTHER, ${digests.join(' and ')}`}\n`,
    );
    if (!isSame) process.exitCode = 1;
  }
}
