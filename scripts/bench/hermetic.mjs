import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARK } from './image.mjs';
import { row } from './table.mjs';
import { spread, timed } from './timing.mjs';

const USAGE = new URL('usage.mjs', import.meta.url).pathname;
const TAG = `${MARK}-hermetic:1`;
const BASE = process.env.SCOVILLE_BASE_NODE ?? 'node:22';

/** What recording and replaying cost beside a build whose RUNs run all the same. It needs Debian's mirror and npm's registry. */
export function hermeticRows({ bin, runs, dir, home }) {
  const context = join(dir, `${MARK}-hermetic`);
  mkdirSync(context, { recursive: true });
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${BASE}\nRUN apt-get update && apt-get install -y --no-install-recommends jq\nWORKDIR /app\nRUN npm install express@4.21.2\n`,
  );
  writeFileSync(join(context, '.dockerignore'), '*\n');
  const used = join(dir, 'hermetic-usage.json');
  const env = { ...process.env, SCOVILLE_HOME: home, BENCH_USAGE: used };
  const build = (flag) => {
    const flags = ['--no-interactive', '--sign=false', '--grade=false', '-q', '-t', TAG, flag];
    const args = ['--import', USAGE, bin, 'build', ...flags, context];
    const { seconds } = timed(process.execPath, args, { env });
    return { seconds, cpu: JSON.parse(readFileSync(used, 'utf8')).cpu };
  };
  const seen = { '--no-cache': [], '--record': [], '--replay': [] };
  // Mirrors and the engine are warm then.
  build('--record');
  for (let run = 0; run < Math.min(runs, 5); run += 1)
    for (const flag of Object.keys(seen)) seen[flag].push(build(flag));
  timed('docker', ['rmi', '--force', TAG]);
  rmSync(context, { recursive: true });
  const of = (flag, what) => spread(seen[flag].map((one) => one[what]));
  const rows = (name, flag, target) =>
    ['seconds', 'cpu'].map((what) =>
      row(
        what === 'cpu' ? '  processor time of the client' : name,
        's',
        { thing: of(flag, what), floor: of('--no-cache', what) },
        what === 'cpu' ? {} : { ...target, note: 'floor: the same without it, --no-cache' },
      ),
    );
  return [
    ...rows('a recorded build', '--record', { target: 1.15 }),
    ...rows('a replayed build', '--replay', { target: 1, isMost: false }),
  ];
}
