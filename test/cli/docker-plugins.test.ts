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
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  builderAlias,
  installedPlugins,
  installPlugins,
  uninstallPlugins,
  withBuilderAlias,
  withoutBuilderAlias,
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

  test.each(['{\n\t"auths": {"r": {}}\n}', '{"aliases":{"builder":"buildx"},"x":1}', '{}'])(
    'leaves %j as it was, to the byte and the mode',
    async (text) => {
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
    },
  );

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

  test.each(['', '\n \n'])('takes the empty file %j for an empty object', async (text) => {
    given(text);
    await installPlugins(dir, ABOUT, true);
    await uninstallPlugins(dir);
    expect(readFileSync(config, 'utf8')).toBe('{}\n');
  });
});

describe('nothing is changed where', () => {
  test.each([
    ['{"a": 1', /config\.json is not what Docker writes: it is not JSON/],
    ['{"a": 1 /* x */}', /it is not JSON/],
    ['[]', /not a JSON object/],
    ['{"aliases": 7}', /"aliases" is not an object/],
    ['{"aliases": {}, "aliases": {}}', /"aliases"/],
    ['{"aliases": {"builder": "a", "builder": "b"}}', /"aliases.builder" twice/],
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

describe('aliases.builder in the text of config.json', () => {
  const thereAndBack = (text: string): readonly [string, string] => {
    const set = withBuilderAlias(text);
    return [set, withoutBuilderAlias(set, builderAlias(text))];
  };

  test.each(
    Object.entries({
      '{}': '{"aliases": {"builder":"scovillebuilder"}}',
      '{\n\t"auths": {\n\t\t"r": {}\n\t},\n\t"x": [1,  2]\n}':
        '{\n\t"auths": {\n\t\t"r": {}\n\t},\n\t"x": [1,  2],"aliases": {"builder":"scovillebuilder"}\n}',
      '{\r\n  "a": 1\r\n}\r\n': '{\r\n  "a": 1,"aliases": {"builder":"scovillebuilder"}\r\n}\r\n',
      '{"aliases": { "builder" : "b\\u0075ildx" }, "a": 1}':
        '{"aliases": { "builder" : "scovillebuilder" }, "a": 1}',
      '{\n  "aliases": {\n    "x": "y"\n  }\n}':
        '{\n  "aliases": {\n    "x": "y","builder": "scovillebuilder"\n  }\n}',
    }),
  )('%j becomes %j, and comes back', (text, set) => {
    expect(thereAndBack(text)).toEqual([set, text]);
  });

  test('any JSON comes back byte for byte, and means the same but for the alias', () => {
    const name = fc.string().filter((text) => text !== 'aliases');
    const value = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }));
    const aliases = fc.option(fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }));
    const indent = fc.constantFrom(undefined, 1, 2, 4, '\t');
    fc.assert(
      fc.property(value, aliases, indent, (rest, own, space) => {
        const given = own === null ? rest : { ...rest, aliases: own };
        const text = JSON.stringify(given, undefined, space);
        const [set, back] = thereAndBack(text);
        expect(back).toBe(text);
        // As it is written: JSON has no -0.
        const inText = JSON.parse(text) as { readonly aliases?: object };
        expect(JSON.parse(set)).toEqual({
          ...inText,
          aliases: { ...inText.aliases, builder: 'scovillebuilder' },
        });
      }),
    );
  });
});
