import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { config } from '../../src/cli/config.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});

async function run(args: readonly string[], cwd = folder) {
  const { io, err } = fakeIo({ cwd });
  const code = await config(args, io);
  return { code, err: err() };
}

const text = (name = '.scoville.yaml'): string => readFileSync(join(folder, name), 'utf8');

test('makes a settings file where there is none', async () => {
  const set = ['image.authors=Ann: <ann@example.org>', 'secrets.use=none', 'gate.minLevel=3'];
  expect(await run([...set, 'lock=true'])).toEqual({ code: 0, err: 'written: .scoville.yaml\n' });
  expect(text()).toBe(
    'image:\n  authors: "Ann: <ann@example.org>"\nsecrets:\n  use: none\ngate:\n  minLevel: 3\nlock: true\n',
  );
});

test('secrets.use=none is asked about where the code names a secret', async () => {
  writeFileSync(join(folder, 'app.py'), 'import os\nkey = os.environ["SECRET_KEY"]\n');
  expect((await run(['secrets.use=none'])).err).toBe(
    'written: .scoville.yaml\nscoville: warning: app.py:2 names SECRET_KEY: if the app takes it, say scoville config secrets.use=by-file\n',
  );
});

test('keeps comments and what else there is; a list gets one more, once', async () => {
  const before =
    '# ours\nimage: { vendor: Shop } # a name\ntrust:\n  images:\n    # the mirror\n    - a.example/*\n';
  writeFileSync(join(folder, '.scoville.yaml'), before);
  for (let times = 0; times < 2; times += 1)
    await run(['trust.images=b.example/*', 'image.authors=Ann']);
  expect(text()).toBe(
    '# ours\nimage: { vendor: Shop, authors: Ann } # a name\ntrust:\n  images:\n    # the mirror\n    - a.example/*\n    - b.example/*\n',
  );
});

test('sets in the nearest file of the repository, or in the one that is named', async () => {
  mkdirSync(join(folder, '.git'));
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, '.scoville.yml'), '');
  expect((await run(['lock=true'], join(folder, 'app'))).err).toBe('written: ../.scoville.yml\n');
  expect(text('.scoville.yml')).toBe('lock: true\n');
  await run(['--config', 'app/.scoville.yaml', 'lock=false']);
  expect(text('app/.scoville.yaml')).toBe('lock: false\n');
});

test.each([
  ['secrets.used=none', 'unknown setting "secrets.used"; did you mean secrets.use?'],
  ['secrets.use=maybe', 'secrets.use'],
  ['gate.minLevel=9', 'gate.minLevel'],
  ['gate.waivers=no-shell', 'gate.waivers takes more than a word'],
  ['lock', 'config takes SETTING=VALUE, not "lock"'],
])('%s is refused, and nothing is written', async (setting, message) => {
  await expect(run([setting])).rejects.toThrow(message);
  expect(() => text()).toThrow('ENOENT');
});

test('a file that is not YAML and a link stay as they are', async () => {
  writeFileSync(join(folder, '.scoville.yaml'), 'image: {');
  await expect(run(['lock=true'])).rejects.toThrow('.scoville.yaml: ');
  expect(text()).toBe('image: {');
  rmSync(join(folder, '.scoville.yaml'));
  writeFileSync(join(folder, 'other.yaml'), 'lock: false\n');
  symlinkSync('other.yaml', join(folder, '.scoville.yaml'));
  await expect(run(['lock=true'])).rejects.toThrow('is a link');
  expect(text('other.yaml')).toBe('lock: false\n');
});

test('settings nested too deeply are named so, and stay as they are', async () => {
  const deep = `${'{a: '.repeat(5000)}1${'}'.repeat(5000)}\n`;
  writeFileSync(join(folder, '.scoville.yaml'), deep);
  const io = fakeIo({ cwd: folder });
  await expect(config(['sign.key=a.key'], io.io)).rejects.toThrow('nested too deeply');
  expect(readFileSync(join(folder, '.scoville.yaml'), 'utf8')).toBe(deep);
});
