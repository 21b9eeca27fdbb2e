import { cpSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bases, own, pinned, ROOT, Scoville } from './harness.ts';
import { isWhole } from './rows.ts';
import { folderHere } from './workplace.ts';

interface ScoreJson {
  readonly digest: string;
  readonly platforms: readonly { readonly digest: string }[];
}

const folder = folderHere('repro');
let buildArgs: readonly string[] = [];
const homes: Scoville[] = [];

beforeAll(async () => {
  buildArgs = [
    '--build-arg',
    `NODE_BUILD=${await pinned(bases.node)}`,
    '--build-arg',
    `NODE_RUNTIME=${await pinned(bases.nodeDistroless)}`,
  ];
});
afterAll(() => {
  for (const home of homes) home.remove();
});

/**
 * Builds a copy of the example without any cache, in a layout of its own; its files date from
 * `mtime` (seconds).
 */
async function buildCopy(
  name: string,
  mtime: number,
  flags: readonly string[],
): Promise<ScoreJson> {
  const context = join(folder, name);
  cpSync(join(ROOT, 'examples/node-app'), context, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'src', 'src/server.js', 'src/links.js'])
    utimesSync(join(context, file), mtime, mtime);
  const scoville = new Scoville();
  homes.push(scoville);
  const ended = await scoville.expect(0, [
    ...['build', '--json', '--output', `type=oci,dest=${join(folder, `${name}.tar`)}`],
    ...['-t', own('repro-node-app:1'), ...buildArgs, ...flags, context],
  ]);
  return JSON.parse(ended.stdout) as ScoreJson;
}

describe('the same source', () => {
  test('gives the same image manifest, and index, from clean caches, in two folders, with other file times', async () => {
    const first = await buildCopy('first', 1_500_000_000, ['--no-cache']);
    const second = await buildCopy('second', 1_700_000_000, ['--no-cache']);
    expect(second.platforms.map((p) => p.digest)).toEqual(first.platforms.map((p) => p.digest));
    expect(second.digest).toBe(first.digest);
  });

  test('gives the same from a warm cache', async () => {
    const cached = await buildCopy('third', 1_600_000_000, []);
    const clean = await buildCopy('fourth', 1_400_000_000, ['--no-cache']);
    expect(cached.digest).toBe(clean.digest);
  });

  test.runIf(isWhole)('gives another image where the rules are off', async () => {
    const off = await buildCopy('fifth', 1_500_000_000, ['--no-cache', '--repro=off']);
    const safe = await buildCopy('sixth', 1_500_000_000, []);
    expect(off.platforms[0]?.digest).not.toBe(safe.platforms[0]?.digest);
  });
});
