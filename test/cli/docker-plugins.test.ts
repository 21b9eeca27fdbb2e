import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  installedPlugins,
  installPlugins,
  uninstallPlugins,
} from '../../src/cli/plugin-install.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const ABOUT = { start: ['/usr/bin/node', '/opt/scoville.js'], version: '1.2.3' };
let dir = '';
let config = '';

beforeEach(() => {
  dir = join(temporaryFolder(), '.docker');
  config = join(dir, 'config.json');
});

/** Every path below the folder with its mode, link target and content. */
function treeOf(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
      const path = join(folder, name);
      const stats = lstatSync(path);
      const content = stats.isSymbolicLink()
        ? readlinkSync(path)
        : stats.isFile()
          ? readFileSync(path, 'utf8')
          : '';
      return [name, `${stats.mode.toString(8)} ${content}`];
    }),
  );
}

function given(text: string, mode = 0o600): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(config, text);
  chmodSync(config, mode);
}

describe('install, then uninstall', () => {
  test.each([false, true])(
    'leaves nothing where nothing was (replace-build: %s)',
    async (replace) => {
      await installPlugins(dir, ABOUT, replace);
      expect(statSync(join(dir, 'cli-plugins/docker-scoville')).mode & 0o777).toBe(0o755);
      if (replace) {
        expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
          aliases: { builder: 'scovillebuilder' },
        });
        expect(statSync(config).mode & 0o777).toBe(0o600);
      }
      await uninstallPlugins(dir);
      expect(existsSync(dir)).toBe(false);
    },
  );

  test.each([
    '{\n\t"auths": {"r": {}}\n}',
    '{"aliases":{"builder":"buildx"},"x":1}',
    '{}',
    '',
    '\n \n',
  ])('leaves %j as it was, to the byte and the mode', async (text) => {
    given(text, 0o640);
    mkdirSync(join(dir, 'cli-plugins'));
    writeFileSync(join(dir, 'cli-plugins/docker-other'), 'x');
    const before = treeOf(dir);
    await installPlugins(dir, ABOUT, true);
    expect(statSync(config).mode & 0o777).toBe(0o640);
    expect(await installedPlugins(dir)).toEqual({ command: true, builder: 'named' });
    await uninstallPlugins(dir);
    expect(treeOf(dir)).toEqual(before);
    expect(await installedPlugins(dir)).toEqual({ command: false, builder: 'absent' });
  });

  test('twice is as once: what was there before the first is what comes back', async () => {
    given('{"aliases":{"builder":"buildx"}}');
    const before = treeOf(dir);
    await installPlugins(dir, ABOUT, true);
    const once = treeOf(dir);
    await installPlugins(dir, ABOUT, true);
    expect(treeOf(dir)).toEqual(once);
    await installPlugins(dir, ABOUT, false);
    await uninstallPlugins(dir);
    expect(treeOf(dir)).toEqual(before);
    expect(await uninstallPlugins(dir)).toEqual([]);
  });

  test('a link stays one, and what it leads to is what is changed', async () => {
    mkdirSync(dir);
    const real = join(temporaryFolder(), 'dotfiles.json');
    writeFileSync(real, '{"a":1}');
    symlinkSync(real, config);
    await installPlugins(dir, ABOUT, true);
    expect(readlinkSync(config)).toBe(real);
    expect(readFileSync(real, 'utf8')).toContain('scovillebuilder');
    await uninstallPlugins(dir);
    expect(readFileSync(real, 'utf8')).toBe('{"a":1}');
  });

  test('what others changed since stays theirs', async () => {
    given('{"a":1}');
    await installPlugins(dir, ABOUT, true);
    // `docker buildx install`, and a plugin of somebody else.
    writeFileSync(config, '{"a":1,"aliases":{"builder":"buildx"},"b":2}');
    writeFileSync(join(dir, 'cli-plugins/docker-other'), 'x');
    expect(await installedPlugins(dir)).toEqual({ command: true, builder: 'not-named' });
    await uninstallPlugins(dir);
    expect(readFileSync(config, 'utf8')).toBe('{"a":1,"aliases":{"builder":"buildx"},"b":2}');
    expect(readdirSync(join(dir, 'cli-plugins'))).toEqual(['docker-other']);
  });

  test('an empty file that others have filled since keeps what they wrote', async () => {
    given('');
    await installPlugins(dir, ABOUT, true);
    writeFileSync(config, '{"aliases": {"builder": "scovillebuilder"}, "b": 2}');
    await uninstallPlugins(dir);
    expect(readFileSync(config, 'utf8')).toBe('{"b": 2}');
  });

  test('without the file that kept it, the alias goes all the same', async () => {
    given('{"a":1,"aliases":{"builder":"scovillebuilder"}}');
    await uninstallPlugins(dir);
    expect(readFileSync(config, 'utf8')).toBe('{"a":1}');
  });
});

describe('nothing is changed where', () => {
  test.each([
    ['{"a": 1', /config\.json is not what Docker writes: line 1/],
    ['[]', /not a JSON object/],
    ['{"aliases": 7}', /"aliases" is not an object/],
  ])('config.json is %j', async (text, error) => {
    given(text);
    const before = treeOf(dir);
    await expect(installPlugins(dir, ABOUT, true)).rejects.toThrow(error);
    expect(treeOf(dir)).toEqual(before);
    // Without the builder it is of no interest.
    await installPlugins(dir, ABOUT, false);
    expect(readFileSync(config, 'utf8')).toBe(text);
  });

  test('config.json holds bytes that would not come back', async () => {
    mkdirSync(dir);
    const bytes = Buffer.from('{"HttpHeaders": {"x": "\u00e9"}}', 'latin1');
    writeFileSync(config, bytes);
    await expect(installPlugins(dir, ABOUT, true)).rejects.toThrow('it is not UTF-8');
    expect(readFileSync(config)).toEqual(bytes);
    expect(readdirSync(dir)).toEqual(['config.json']);
  });

  test('config.json is a dangling link', async () => {
    mkdirSync(dir);
    symlinkSync('/nowhere/at/all', config);
    await expect(installPlugins(dir, ABOUT, true)).rejects.toThrow('is a dangling link');
    expect(readdirSync(dir)).toEqual(['config.json']);
  });

  test('a program of that name is there already', async () => {
    given('{}');
    mkdirSync(join(dir, 'cli-plugins'));
    writeFileSync(join(dir, 'cli-plugins/docker-scovillebuilder'), '#!/bin/sh\n');
    const before = treeOf(dir);
    await expect(installPlugins(dir, ABOUT, true)).rejects.toThrow('did not write it');
    await uninstallPlugins(dir);
    expect(treeOf(dir)).toEqual(before);
  });
});
