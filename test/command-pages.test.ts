import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandPages } from '../scripts/command-pages.ts';
import { SETTINGS_OF } from '../scripts/command-settings.ts';
import { parseBakeArgs } from '../src/build/bake-command-line.ts';
import { BUILD } from '../src/build/flags.ts';
import { COMMANDS } from '../src/cli/command-list.ts';
import { type CommandSpec, completedFlags, shownFlags } from '../src/cli/flag-table.ts';
import { readFlags } from '../src/cli/flags.ts';
import { SETTING_LEAVES } from '../src/config/schema.ts';

const FOLDER = resolve(import.meta.dirname, '../docs/reference/commands');

function textOf(name: string): string | undefined {
  const path = join(FOLDER, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function page(name: string): string {
  return textOf(`${name}.md`) ?? '';
}

/** The words of an example, without quotes; those that a shell would give the command. */
function wordsOf(call: string): readonly string[] {
  return [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** The flags of an example that the command does not know. */
function unknownFlags(words: readonly string[], spec: CommandSpec): readonly string[] {
  const known = new Set(
    completedFlags(spec).flatMap(({ name, short }) => [
      `--${name}`,
      ...(short === undefined ? [] : [`-${short}`]),
    ]),
  );
  return words.filter((word) => word.startsWith('-') && !known.has(word.split('=')[0] ?? ''));
}

describe('a page for each command', () => {
  test('they are current (node scripts/generate-flag-docs.mjs)', async () => {
    for (const [name, text] of await commandPages(textOf)) expect(textOf(name)).toBe(text);
  });

  test('there is one for each, and no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(
      ['README.md', ...COMMANDS.map(({ name }) => `${name}.md`)].sort(),
    );
  });

  test.each(COMMANDS)('$name: each flag has its row', async ({ name, spec }) => {
    // Below, some pages say more of a flag.
    const [tables = ''] = page(name).split('\n## Exit codes\n');
    const rows = [...tables.matchAll(/^\| `(?:-\w, )?--([a-z-]+)[^`]*` \| .* \|$/gm)];
    // What `bake` has from `build`, with the same words, stands on the page of `build`.
    const said = name === 'bake' ? shownFlags(BUILD).map((flag) => flag.name + flag.help) : [];
    const own = shownFlags(await spec()).filter((flag) => !said.includes(flag.name + flag.help));
    expect(rows.map(([, flag]) => flag).toSorted()).toEqual(
      own.map(({ name: of }) => of).toSorted(),
    );
  });

  test.each(COMMANDS)('$name: examples are calls that parse', async ({ name, spec: specOf }) => {
    const spec = await specOf();
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const [call] of spec.examples) {
      const words = wordsOf(call.replace(/^eval "\$\((.*)\)"$/, '$1').replace(/ \|.*/, ''));
      expect(words.slice(0, 2)).toEqual(['scoville', name]);
      const rest = words.slice(2);
      expect(unknownFlags(rest, spec)).toEqual([]);
      if (name === 'bake') expect(parseBakeArgs(rest).ok).toBe(true);
      else if (!/^(?:build|lock|reproduce)$/.test(name)) readFlags(rest, spec);
    }
  });

  test.each(COMMANDS)('$name: exit codes begin with 0 and name each once', async ({ spec }) => {
    const codes = (await spec()).exits.map(([code]) => code);
    expect(codes[0]).toBe('0');
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !/^(?:0|1|2|130|other)$/.test(code))).toEqual([]);
  });
});

describe('settings of a command', () => {
  const keys = SETTING_LEAVES.map(({ path }) => path.join('.'));
  const read = Object.values(SETTINGS_OF).flat();
  const covers = (one: string, key: string): boolean => key === one || key.startsWith(`${one}.`);

  test('commands and keys exist', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(Object.keys(SETTINGS_OF).filter((name) => !names.includes(name))).toEqual([]);
    expect(read.filter((one) => !keys.some((key) => covers(one, key)))).toEqual([]);
  });

  test('each setting is read by one of them', () => {
    expect(keys.filter((key) => !read.some((one) => covers(one, key)))).toEqual([]);
  });
});
