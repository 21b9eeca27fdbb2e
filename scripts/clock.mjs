// The newcomer's clock: how long a first useful result takes, and how far pasting what scoville prints leads.
//   npm run clock -- [NAME...] [--folder DIR]... [--bin FILE] [--first] [--json FILE] [--keep]
// Needs scripts/engine.sh up. NAME: projects of test/fixtures/fix, else all. --folder: a project of your own, with a Dockerfile, which answers `hello`. --first: measure
// the first result too, from a bare clone and from the installed package. --bin: this scoville. --json: the transcripts, to a file. --keep: leave the projects.
// Only the first command of a project is known here; each one after it is taken from what scoville printed. Exit 1 where fewer than three reach level 3,
// or an app no longer answers.
import './usage.mjs';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pasteOn } from './clock/chain.mjs';
import { firstResults } from './clock/first-result.mjs';
import { newcomer } from './clock/newcomer.mjs';
import { firstText, tableText, transcriptText } from './clock/transcript.mjs';
import { emptyOsv } from './fixes/empty-osv.mjs';
import { makeBases, setNames } from './fixes/project.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', multiple: true, default: [] },
    bin: { type: 'string', default: 'dist/scoville.js' },
    first: { type: 'boolean', default: false },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const registry = process.env.SCOVILLE_REGISTRY;
if (registry === undefined) throw new Error('eval "$(scripts/engine.sh env)" first');
const named = positionals.length > 0 || values.folder.length > 0;
const names = named ? positionals : setNames();

const osv = await emptyOsv();
const chains = [];
let firsts = [];
try {
  makeBases(names);
  if (values.first) {
    firsts = await firstResults(registry, osv.url);
    process.stdout.write(firstText(firsts));
  }
  for (const source of [...names, ...values.folder.map((folder) => resolve(folder))]) {
    const project = newcomer(source, { registry, osvUrl: osv.url, bin: resolve(values.bin) });
    const chain = await pasteOn(project);
    chains.push(chain);
    process.stdout.write(`${transcriptText(chain)}\n`);
    if (values.keep) process.stdout.write(`kept: ${project.folder}\n`);
    else rmSync(dirname(project.folder), { recursive: true, force: true });
  }
} finally {
  await osv.stop();
}
process.stdout.write(`\n${tableText(chains)}\n`);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ firsts, chains }, null, 2)}\n`);
const reached = chains.filter(({ level, answers }) => level >= 3 && answers !== false);
if (reached.length < Math.min(3, chains.length) || chains.some(({ answers }) => answers === false))
  process.exitCode = 1;
