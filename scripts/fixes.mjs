// Fixes and verifies each ordinary, bad Dockerfile of test/fixtures/fix, and prints what came of it as a Markdown table.
//   npm run fixes -- [NAME...] [--bin FILE] [--keep] [--build] [--write FILE]
// Needs scripts/engine.sh up. --build: pin packages to the versions that a build of each stage gets, too. --keep: leave the projects for a look. --write: put the table into FILE, between its marks, too.
// Exit 1 where one is neither lifted by two levels nor to level 3, or does not answer; 2 where one could not be fixed.
import './usage.mjs';
import { rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyOsv } from './fixes/empty-osv.mjs';
import { fixAndVerify } from './fixes/measure.mjs';
import { makeBases, projectOf, setNames } from './fixes/project.mjs';
import { isLifted, tableText, writeBetweenMarks } from './fixes/table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bin: { type: 'string', default: 'dist/scoville.js' },
    keep: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
    write: { type: 'string' },
  },
});
const registry = process.env.SCOVILLE_REGISTRY;
if (registry === undefined) throw new Error('eval "$(scripts/engine.sh env)" first');
const names = positionals.length > 0 ? positionals : setNames();

const osv = await emptyOsv();
const rows = [];
try {
  makeBases(names);
  for (const name of names) {
    process.stderr.write(`fixes: ${name}\n`);
    const folder = projectOf(name, registry, osv.url);
    const row = await fixAndVerify(
      resolve(values.bin),
      name,
      folder,
      values.build ? ['--build'] : [],
    );
    rows.push(row);
    process.stderr.write(`${row.error ?? tableText([row]).split('\n')[2]}\n`);
    if (values.keep) process.stderr.write(`fixes: ${folder}\n`);
    else rmSync(dirname(folder), { recursive: true, force: true });
  }
} finally {
  await osv.stop();
}
process.stdout.write(`${tableText(rows)}\n`);
if (values.write !== undefined) writeBetweenMarks(values.write, tableText(rows));
if (rows.some(({ error }) => error !== undefined)) process.exitCode = 2;
else if (!rows.every(isLifted)) process.exitCode = 1;
