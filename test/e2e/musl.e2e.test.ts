import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, discard, output, OWN, own, registry, ROOT } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/** An image whose shell and `date` are of musl: its loader reads no list of a RUN's, but LD_PRELOAD. */
const BASE = own(`${registry}/e2e-musl-base:1`);
const IMAGE = `${registry}/e2e-musl:${OWN}`;
const START = Date.parse('2024-01-02T03:04:05Z') / 1000;
const publisher = scovilleHere();
const stranger = scovilleHere();
const folder = folderHere('musl');

const DOCKERFILE = `FROM ${BASE}
COPY --from=${bases.busybox} /bin/busybox /bin/busybox
RUN { date -u +%s; date-of-glibc -u +%s; wait; mktemp; ls /d; } > /seen
RUN busybox date -u +%s > /static
`;

beforeAll(async () => {
  const work = join(folder, 'work');
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      stdio: 'ignore',
    });
  git('init', '-q', '--bare', 'repo.git');
  git('clone', '-q', `file://${folder}/repo.git`, 'work');
  writeFileSync(join(work, 'Dockerfile'), DOCKERFILE);
  writeFileSync(
    join(work, '.scoville.yaml'),
    'reproducible: { mode: deterministic, start: 2024-01-02T03:04:05Z }\n',
  );
  for (const words of [
    ['add', '.'],
    ['commit', '-q', '-m', 'x'],
    ['push', '-q', 'origin', 'HEAD'],
  ])
    git('-C', work, ...words);
  await output('docker', [
    ...['buildx', 'build', '-q', '--provenance=false', '--push', '-t', BASE],
    ...['--build-arg', `DEBIAN=${bases.debian}`, join(ROOT, 'test/fixtures/musl')],
  ]);
});

afterAll(() => {
  discard([BASE, IMAGE]);
});

test('programs of musl see the recorded time, folders in order and counted names, and wait as long as they ask', async () => {
  const built = await publisher.expect(0, [
    ...['build', '--grade=false', '--push', '-t', IMAGE, join(folder, 'work')],
  ]);
  expect(built.stderr).not.toContain("see the machine's clock");
  const container = (await output('docker', ['create', '--pull=always', '-q', IMAGE, 'x'])).trim();
  const read = async (path: string): Promise<readonly string[]> => {
    const at = join(folder, 'read');
    await output('docker', ['cp', '-q', `${container}:${path}`, at]);
    return execFileSync('cat', [at], { encoding: 'utf8' }).trim().split('\n');
  };
  const seen = await read('/seen');
  const [still] = await read('/static');
  await output('docker', ['rm', container]);
  expect(seen.slice(0, 4)).toEqual([String(START), String(START), 'waited', '/tmp/t.000000']);
  expect(seen.slice(4)).toEqual([...seen.slice(4)].sort());
  expect(seen).toHaveLength(9);
  // What is linked statically loads nothing, and is not harmed.
  if (process.arch === 'x64') expect(still).toBe(String(START));
  else expect(Number(still)).toBeGreaterThan(START);
});

test('a stranger builds the published image again', async () => {
  const ended = await stranger.expect(0, ['reproduce', IMAGE], { cwd: folder });
  expect(ended.stdout).toContain('The same: every image manifest has the same digest.');
});
