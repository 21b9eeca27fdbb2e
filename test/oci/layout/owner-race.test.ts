import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PROCESSES = 4;
const ROUNDS = 300;

let folder: string;
let racers: ChildProcess[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-race-'));
  const script = join(folder, 'racer.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'lock-race.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  racers = Array.from({ length: PROCESSES }, () => fork(script));
  await Promise.all(racers.map(answerOf));
}, 60_000);
afterAll(() => {
  for (const racer of racers) racer.kill();
  rmSync(folder, { recursive: true, force: true });
});

function answerOf(racer: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    racer.once('message', resolve);
  });
}

test(
  'the claim of a dead process is taken over once, however many try',
  { timeout: 120_000 },
  async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const dead = JSON.stringify({ pid, host: hostname().replace(/[^A-Za-z0-9_.]/g, '_') });
    const winners: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const file = join(folder, `lock-${round}`);
      writeFileSync(file, dead);
      // Every third round the process died while it took over.
      if (round % 3 === 0) writeFileSync(`${file}.takeover`, dead);
      const answers = Promise.all(racers.map(answerOf));
      for (const racer of racers) racer.send(file);
      const had = (await answers) as { has: unknown }[];
      expect(had.map(({ has }) => typeof has)).toEqual(Array(PROCESSES).fill('boolean'));
      winners.push(had.filter(({ has }) => has === true).length);
      expect(existsSync(file)).toBe(true);
    }
    expect(winners.filter((count) => count > 1)).toEqual([]);
    // One gets it nearly always; where each stood in the other's way all are told that it is taken.
    expect(winners.filter((count) => count === 1).length).toBeGreaterThan(ROUNDS * 0.9);
    expect(readdirSync(folder).filter((name) => /^\.tmp|takeover/.test(name))).toEqual([]);
  },
);
