import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { host } from '../../src/image/disk.ts';
import { claimAlone } from '../../src/image/owner.ts';

const PROCESSES = 4;
const ROUNDS = 300;

let folder: string;
let racers: ChildProcess[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-race-'));
  await build({
    entryPoints: ['lock-race.ts', 'lock-holder.ts'].map((name) => join(import.meta.dirname, name)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  racers = Array.from({ length: PROCESSES }, () => fork(join(folder, 'lock-race.mjs')));
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
    const dead = JSON.stringify({ pid, host: host() });
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

test.runIf(process.platform === 'linux')(
  'holders that are killed wherever they stand never let two in, and never lock all out',
  { timeout: 120_000 },
  async () => {
    const file = join(folder, 'held');
    const broken: unknown[] = [];
    let had = 0;
    const start = (): ChildProcess => {
      const holder = fork(join(folder, 'lock-holder.mjs'), [file]);
      holder.on('message', (said) => {
        if (said === 'had it') had += 1;
        else broken.push(said);
      });
      return holder;
    };
    const holders = Array.from({ length: PROCESSES }, start);
    for (let kills = 0; kills < 60; kills += 1) {
      await sleep(60 + Math.random() * 90);
      const at = kills % PROCESSES;
      holders[at]?.kill('SIGKILL');
      holders[at] = start();
    }
    const before = had;
    // Those that were started last may take their time on a machine at work.
    for (let waits = 0; had === before && waits < 100; waits += 1) await sleep(100);
    for (const holder of holders) holder.kill('SIGKILL');
    expect(broken).toEqual([]);
    expect(had - before).toBeGreaterThan(0);
  },
);

describe('a claim', () => {
  const dead = (more: object): string => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    return JSON.stringify({ pid, host: host(), ...more });
  };
  const hours = (file: string, ago: number): void => {
    utimesSync(file, Date.now() / 1000 - ago * 3600, Date.now() / 1000 - ago * 3600);
  };
  const mine = { pid: process.pid, host: host() };

  test.each<[string, string, number, boolean]>([
    ['of a running process', JSON.stringify(mine), 48, false],
    ['of a dead process', dead({}), 0, true],
    ['of this number before a restart', JSON.stringify({ ...mine, started: 'boot 1' }), 0, true],
    ['of another machine', dead({ host: 'elsewhere' }), 1, false],
    ['of another machine, from the day before', dead({ host: 'elsewhere' }), 25, true],
    ['of another machine whose clock is ahead', dead({ host: 'elsewhere' }), -48, false],
    ['that is being written', '', 0, false],
    ['that a crash left empty', '', 1, true],
  ])('%s: %j', async (name, content, ago, isTaken) => {
    const file = join(folder, name.replaceAll(' ', '-'));
    writeFileSync(file, content);
    hours(file, ago);
    expect(await claimAlone(file)).toBe(isTaken);
    expect(await claimAlone(file)).toBe(false);
  });

  test('does not count by this machine’s clock, which may jump', async () => {
    const file = join(folder, 'clock');
    writeFileSync(file, dead({ host: 'elsewhere' }));
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 48 * 3_600_000);
    expect(await claimAlone(file)).toBe(false);
    vi.restoreAllMocks();
  });

  test('of another container on this machine is not judged by our process numbers', () => {
    expect(host()).toMatch(/\.[0-9a-f]{8}$/);
  });
});
