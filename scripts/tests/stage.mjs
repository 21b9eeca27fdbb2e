// node scripts/tests/stage.mjs NAME [VITEST'S OPTIONS]: a stage of `npm test` (scripts/test.sh). Files that fail are run again at once; what passes
// then is flaky, and is written to test-results/flaky.txt, one a line. Exit 1: something failed twice, or the stage did not come to its end.
// node scripts/tests/stage.mjs --sum: what all stages of a run came to. Exit 1: two tests or more are flaky.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { failuresOf, nameOf, slowestOf, sortedFailures } from './results.mjs';

/** More files than this do not fail by chance. */
const MOST_AGAIN = 8;
const ROOT = process.cwd();
const RESULTS = resolve(process.env.SCOVILLE_TEST_RESULTS ?? 'test-results');
const FLAKY = join(RESULTS, 'flaky.txt');
const say = (text) => process.stderr.write(`${text}\n`);

/** Runs vitest; gives its exit code and, where it came to one, its report. */
function vitest(name, args) {
  const file = join(RESULTS, `${name}.json`);
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const command = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [command, 'run', ...reporters, ...args], {
    stdio: 'inherit',
  });
  return {
    status,
    report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined,
  };
}

/** Options go for the second time too. They are written `--name=value`: a value by itself reads as a file. */
function optionsOf(args) {
  return args.filter((arg) => arg.startsWith('-'));
}

function stage(name, args) {
  mkdirSync(RESULTS, { recursive: true });
  const { status, report } = vitest(name, args);
  if (status === 0) return true;
  const first = report === undefined ? [] : failuresOf(report, ROOT);
  const files = [...new Set(first.map(({ file }) => file))];
  // Without a failure that has a name, it is vitest, or an error that no test waited for.
  if (files.length === 0 || files.length > MOST_AGAIN) return false;
  say(`== ${name}: ${files.length} of its files once more: ${files.join(', ')}`);
  const again = vitest(`${name}-again`, [...optionsOf(args), ...files]);
  if (again.report === undefined) return false;
  const { failed, flaky } = sortedFailures(first, again.report, ROOT);
  for (const one of flaky) appendFileSync(FLAKY, `${nameOf(one)}\n`);
  for (const one of failed) say(`failed twice: ${nameOf(one)}`);
  return failed.length === 0 && again.status === 0;
}

/** Tests that were left out are never read as passed. */
function sayLeft({ numPendingTests: left, numTotalTests: all }) {
  if (left > 0)
    say(
      `${left} of ${all} end-to-end tests did not run: \`npm run test:all\` has them, where their tools are there`,
    );
}

/** Says what took longest and what is flaky. */
function sum() {
  const end = join(RESULTS, 'end-to-end.json');
  if (existsSync(end)) {
    const report = JSON.parse(readFileSync(end, 'utf8'));
    for (const { file, seconds } of slowestOf(report, ROOT, 5))
      say(`${String(seconds).padStart(5)} s  ${file}`);
    sayLeft(report);
  }
  if (!existsSync(FLAKY)) return true;
  const names = readFileSync(FLAKY, 'utf8').trimEnd().split('\n');
  for (const name of names) say(`flaky: ${name}`);
  say(`${names.length} failed once and passed when run again; each is a bug (${FLAKY})`);
  return names.length < 2;
}

const [name, ...args] = process.argv.slice(2);
process.exitCode = (name === '--sum' ? sum() : stage(name, args)) ? 0 : 1;
