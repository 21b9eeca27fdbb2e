import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { grade } from '../../src/grade/grade-command.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { digestOf, parseReference } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { fakeIo } from '../cli/command-io.ts';
import { makeImage, makeIndex, temporaryFolder } from '../fakes/layouts.ts';

/** A layout whose index lists linux/arm64 too, which it does not hold, and a way to grade it. */
async function partial() {
  const folder = temporaryFolder();
  const store = await openStore(join(folder, 'images'), Date.now);
  const name = parseReference('app:1');
  if (!name.ok) throw new Error(name.error);
  const build = await store.newBuild();
  const { manifest } = await makeImage(store.blobs, [{ file: 'x' }]);
  const arm = {
    ...manifest,
    digest: digestOf(Buffer.from('nowhere')),
    platform: { os: 'linux', architecture: 'arm64' },
  };
  const index = await makeIndex(store.blobs, [manifest, arm]);
  await build.finish({ manifests: [index], names: [name.value] });
  const image = `oci:${build.dir}`;
  const run = async (...args: readonly string[]) => {
    const { io, out, err } = fakeIo({ env: { SCOVILLE_HOME: folder }, cwd: folder });
    const code = await grade(['--scanner', 'none', ...args], io).catch((error: unknown) =>
      error instanceof Error ? error.message : 'thrown',
    );
    return { code, out: out(), err: err() };
  };
  return { run, image, folder };
}

const MISSING = [{ platform: 'linux/arm64', reason: 'not-held' }];

test('what the index lists and the layout lacks is in the report; without a gate the exit code is that of what was judged', async () => {
  const { run, image } = await partial();
  const { code, out } = await run('--json', image);
  const card = JSON.parse(out) as Scorecard;
  expect(code).toBe(0);
  expect(card.platforms.map(({ platform }) => platform)).toEqual(['linux/amd64']);
  expect(card.notGraded).toEqual(MISSING);
});

test('several platforms, one of which is not here: reported, exit 2', async () => {
  const { run, image } = await partial();
  for (const asked of [
    ['--platform', 'linux/amd64,linux/arm64'],
    ['--platform', 'linux/amd64', '--platform', 'linux/arm64'],
  ]) {
    const { code, out, err } = await run('--json', ...asked, image);
    expect(code).toBe(2);
    expect((JSON.parse(out) as Scorecard).notGraded).toEqual(MISSING);
    expect(err).toContain('could not judge all: the image has linux/arm64 too, which is not here');
    expect(err).toContain(
      '  next: name the platforms that count and are here (--platform linux/amd64)',
    );
  }
});

test('one that the image has none of: reported, exit 2', async () => {
  const { run, image } = await partial();
  const { code, out, err } = await run('--json', '--platform=linux/amd64,windows/amd64', image);
  expect(code).toBe(2);
  expect((JSON.parse(out) as Scorecard).notGraded).toEqual([
    { platform: 'windows/amd64', reason: 'not-listed' },
  ]);
  expect(err).toContain('the image has no windows/amd64');
});

test('a gate is not met by a part of the image: exit 2, unless that part is what is asked for', async () => {
  const { run, image } = await partial();
  expect((await run('--min-level', '0', image)).code).toBe(2);
  expect((await run('--min-level', '0', '--platform', 'linux/amd64', image)).code).toBe(0);
  expect((await run('--min-level', '5', '--platform', 'linux/amd64', image)).code).toBe(1);
});

test('none of those asked for is here', async () => {
  const { run, image } = await partial();
  expect((await run('--platform=linux/arm64,linux/s390x', image)).code).toContain(
    'has none of linux/arm64, linux/s390x here, but linux/amd64',
  );
  expect((await run('--platform', 'linux/amd64,', image)).code).toContain('--platform takes');
});

test('in a fleet with a gate the image is failed, not graded', async () => {
  const { run, image, folder } = await partial();
  const list = join(folder, 'list');
  const output = join(folder, 'out.jsonl');
  writeFileSync(list, image);
  const { code } = await run('--file', list, '--output', output, '--min-level', '0');
  const line = JSON.parse(readFileSync(output, 'utf8')) as { status: string; error: object };
  expect(code).toBe(2);
  expect(line.status).toBe('failed');
  expect(line.error).toEqual({
    message: 'could not judge all: the image has linux/arm64 too, which is not here and not graded',
    nextStep: '--platform OS/ARCH',
  });
});
