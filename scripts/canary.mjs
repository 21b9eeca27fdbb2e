// Runs the end-to-end tests that have secrets, and says how many were looked for, and where.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const given = process.argv.slice(2);
const files = given.length > 0 ? given : ['canary', 'company', 'bad-days-registry', 'bad-days'];
const folder = mkdtempSync(join(tmpdir(), 'scoville-canary-'));
const file = join(folder, 'figures');
const paths = files.map((name) => `test/e2e/${name}.e2e.test.ts`);
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'e2e*', ...paths], {
  stdio: 'inherit',
  env: { ...process.env, SCOVILLE_CANARY: file },
});
let lines = [];
try {
  lines = readFileSync(file, 'utf8').trim().split('\n').map(JSON.parse);
} catch {
  // Nothing ran.
}
const sum = (key) => lines.reduce((all, one) => all + one[key], 0);
console.log(
  `canary: ${sum('secrets')} secrets, ${sum('places')} places searched, ${sum('hits')} hits`,
);
rmSync(folder, { recursive: true, force: true });
process.exit(lines.length === 0 ? 1 : (status ?? 1));
