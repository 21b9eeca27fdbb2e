import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { grade } from '../../src/grade/grade-command.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { parseReference } from '../../src/model/reference.ts';
import { fakeIo } from '../cli/command-io.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';

/** A home with OCI layouts of `count` images, and a way to grade a list of them. */
async function fleet(count: number) {
  const folder = temporaryFolder();
  const store = await openStore(join(folder, 'images'), Date.now);
  const images: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = parseReference(`app${i}:1`);
    if (!name.ok) throw new Error(name.error);
    const build = await store.newBuild();
    const { manifest } = await makeImage(store.blobs, [{ [`file${i}`]: String(i) }]);
    await build.finish({ manifests: [manifest], names: [name.value] });
    images.push(`oci:${build.dir}`);
  }
  const list = join(folder, 'list');
  const output = join(folder, 'out.jsonl');
  writeFileSync(list, images.join('\n'));
  const run = async (args: readonly string[], more: Parameters<typeof fakeIo>[0] = {}) => {
    const { io, out, err } = fakeIo({
      env: { SCOVILLE_HOME: folder },
      cwd: folder,
      now: () => Date.now(),
      ...more,
    });
    const thrown: unknown[] = [];
    const code = await grade(['--scanner', 'none', ...args], io).catch((error: unknown) => {
      thrown.push(error);
      return -1;
    });
    return { code, out: out(), err: err(), thrown };
  };
  const lines = () =>
    readFileSync(output, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { run, lines, images, list, output };
}

test('without --output the lines go to stdout, one an image, and the summary to stderr', async () => {
  const { run, images, list } = await fleet(2);
  const { code, out, err } = await run(['--file', list, '--jobs', '2']);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { image: string; status: string; criteria: object });
  expect(code).toBe(0);
  expect(lines.map(({ image }) => image).sort()).toEqual([...images].sort());
  expect(Object.keys(lines[0]?.criteria ?? {})).toHaveLength(23);
  expect(err).toContain('images      2: 2 graded, 0 short of the gate, 0 failed');
  expect(err).toMatch(/\[2\/2\] oci:.*: level \d, [A-D]\+? \(\d+\/23\)/);
});

test('a later run grades what failed and what is new, and nothing twice; the worst is the exit code', async () => {
  const { run, lines, images, list, output } = await fleet(2);
  const args = ['--file', list, '--output', output, '--jobs', '1'];
  writeFileSync(list, `${images[0] ?? ''}\noci:/not/there\n`);
  expect((await run(args)).code).toBe(2);
  const [before] = lines();
  writeFileSync(list, images.join('\n'));
  appendFileSync(output, '{"schemaVersion":"1","status":"graded","image":"oci:');
  const { code, err, out } = await run(args);
  expect(code).toBe(0);
  expect(err).toContain('1 of 2 are there already');
  expect(out).toContain('images      2: 2 graded');
  // What failed is no longer in the list: its line stays, as the one that is whole does.
  expect(lines().map(({ status }) => status)).toEqual(['graded', 'failed', 'graded']);
  expect(lines()[0]).toEqual(before);
});

test('what failed is tried again, its old line gone', async () => {
  const { run, lines, list, output } = await fleet(0);
  writeFileSync(list, 'oci:/not/there');
  await run(['--file', list, '--output', output]);
  await run(['--file', list, '--output', output]);
  expect(lines()).toHaveLength(1);
});

test('other flags that a verdict depends on ask anew, and a gate has its exit code', async () => {
  const { run, lines, list, output } = await fleet(1);
  await run(['--file', list, '--output', output]);
  const { code, err } = await run(['--file', list, '--output', output, '--min-level', '5']);
  expect(code).toBe(1);
  expect(err).toContain('short of the gate');
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toMatchObject({ short: [expect.stringContaining('level')] });
  expect((await run(['--file', list, '--output', output, '--min-level', '5'])).code).toBe(1);
});

test('an interrupt leaves whole lines, and the next run goes on', async () => {
  const { run, lines, list, output } = await fleet(12);
  const abort = new AbortController();
  const args = ['--file', list, '--output', output, '--jobs', '2'];
  let seen = '';
  const { thrown } = await run(args, {
    signal: abort.signal,
    writeErr: (text) => {
      seen += text;
      if (text.startsWith('[3/')) abort.abort();
    },
  });
  expect(thrown).toHaveLength(1);
  expect(seen).toContain('of 12 were not come to; the same command goes on from there');
  const there = lines().length;
  expect(there).toBeGreaterThanOrEqual(3);
  expect(there).toBeLessThan(12);
  expect((await run(args)).code).toBe(0);
  expect(new Set(lines().map(({ image }) => image)).size).toBe(12);
  expect(lines()).toHaveLength(12);
});

test.each([
  [['--json'], '--json does not go with a list of images'],
  [['--report', 'html=x.html'], '--report does not go with a list of images'],
  [['--jobs', '0'], '--jobs takes a whole number from 1 to 32, not "0"'],
  [['--jobs', '33'], '--jobs takes a whole number from 1 to 32'],
])('refuses a list with %j', async (args, message) => {
  const { run, list } = await fleet(0);
  expect(String((await run(['--file', list, ...args])).thrown[0])).toContain(message);
});

test('flags of a list need one, and --file beside an image is its Dockerfile', async () => {
  const { run, images, list } = await fleet(1);
  const image = images[0] ?? '';
  expect(String((await run(['--jobs', '2', image])).thrown[0])).toContain('--jobs is for a list');
  writeFileSync(list, 'FROM scratch\nUSER 1000\n');
  expect((await run(['--file', list, image])).code).toBe(0);
  expect(String((await run(['--file', list])).thrown[0])).toContain('line 1 is not an image');
});

test('an answer that rests on another text of a VEX document is not one', async () => {
  const { run, lines, list, output } = await fleet(1);
  const vex = join(temporaryFolder(), 'v.json');
  const args = ['--file', list, '--output', output, '--vex', vex];
  const text = (statements: readonly object[]): string =>
    JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', statements });
  writeFileSync(vex, text([]));
  expect((await run(args)).code).toBe(0);
  expect((await run(args)).err).toContain('1 of 1 are there already');
  writeFileSync(vex, text([{}]));
  const { err } = await run(args);
  expect(err).not.toContain('there already');
  expect(lines()).toHaveLength(1);
});
