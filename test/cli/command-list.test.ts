import { expect, test } from 'vitest';
import { parseBakeArgs } from '../../src/build/bake-command-line.ts';
import { parseBuildArgs } from '../../src/build/command-line.ts';
import { commandHelp, completionAnswer } from '../../src/cli/command-help.ts';
import { COMMANDS, completedCommands } from '../../src/cli/command-list.ts';
import { completedFlags, type FlagSpec, shownFlags } from '../../src/cli/flag-table.ts';
import { readFlags } from '../../src/cli/flags.ts';
import { fakeIo } from './command-io.ts';

/** A value that the flag takes. */
function sample({ name, choices, value = '' }: FlagSpec): string {
  if (choices !== undefined) return choices[0] ?? '';
  if (name === 'freeze') return '20260101';
  if (name === 'vulnerability') return 'CVE-2026-1234';
  if (name === 'until') return '2026-12-31';
  if (name === 'package') return 'pkg:npm/left-pad@1.3.0';
  if (/LEVEL$/.test(value)) return '3';
  if (/GRADE$/.test(value)) return 'B';
  return /^(N|DAYS|PORT|SECONDS|TIME)$/.test(value) ? '7' : 'a=b';
}

function words(flag: FlagSpec): readonly string[] {
  if (flag.kind === 'bool') return [`--${flag.name}`];
  return [`--${flag.name}=${flag.name === 'plain-http' ? 'host:5000' : sample(flag)}`];
}

/**
 * Whether the command takes these words for its own: a flag that nobody knows goes to buildx as it
 * stands.
 */
async function takes(
  { name, ...its }: (typeof COMMANDS)[number],
  flag: FlagSpec,
): Promise<boolean> {
  const spec = await its.spec();
  if (name === 'build') {
    const read = parseBuildArgs([...words(flag), '.'], {});
    const passed = flag.name === 'buildx-arg' ? 1 : 0;
    return (
      read.ok && read.value.kind === 'build' && read.value.flags.filter(isUnknown).length === passed
    );
  }
  if (name === 'bake') return parseBakeArgs(words(flag)).ok;
  const operands = Array.from({ length: spec.operands?.least ?? 0 }, () => 'a');
  return 'flags' in readFlags([...words(flag), ...operands], spec);
}

function isUnknown({ name }: { readonly name: string | undefined }): boolean {
  return name === undefined;
}

test.each(COMMANDS)(
  '$name: its help is what the command prints, in 80 columns',
  async ({ name, spec, load }) => {
    const { io, out } = fakeIo();
    const command = await load();
    expect(await command(['--help'], io)).toBe(0);
    const help = commandHelp(await spec());
    expect(out()).toBe(help);
    const whole = fakeIo();
    expect(await command(['--help=all'], whole.io)).toBe(0);
    expect(whole.out()).toBe(commandHelp(await spec(), 80, true));
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(help).toContain(`Usage: scoville ${name}`);
  },
);

test.each(COMMANDS)('$name: each flag that help shows is parsed', async (one) => {
  for (const flag of shownFlags(await one.spec()))
    expect([flag.name, await takes(one, flag)]).toEqual([flag.name, true]);
});

test.each(COMMANDS)(
  '$name: each flag that help shows, and no other, stands in its table',
  async ({ spec: specOf }) => {
    const spec = await specOf();
    const heads = [...commandHelp(spec, 80, true).matchAll(/^ {2}(?:-\w, | {4})--([a-z-]+)/gm)];
    expect(heads.map(([, flag]) => flag)).toEqual(shownFlags(spec).map((flag) => flag.name));
  },
);

test('completion offers each flag of each command, with its values', async () => {
  const commands = await completedCommands();
  const offered = (...words: readonly string[]): readonly string[] =>
    completionAnswer(commands, words, false).split('\n');
  for (const { name, spec } of COMMANDS)
    for (const flag of completedFlags(await spec())) {
      expect([name, ...offered(name, '--')]).toContain(`--${flag.name}`);
      if (flag.choices === undefined) continue;
      expect(offered(name, `--${flag.name}`, '')).toEqual([...flag.choices, ':4', '']);
    }
});
