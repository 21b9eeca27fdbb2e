import { describe, expect, test } from 'vitest';
import { type CommandName, COMMANDS } from '../../src/commands/command-list.ts';
import { completedCommands, SPEC } from '../../src/commands/command-specs.ts';
import { readFlags } from '../../src/commands/flags.ts';
import { LOAD } from '../../src/commands/load-command.ts';
import { parseBakeArgs } from '../../src/plans/bake/parse-bake-args.ts';
import { commandHelp } from '../../src/plans/flags/command-help.ts';
import { completedFlags, shownFlags } from '../../src/plans/flags/command-spec.ts';
import { completionScript, SHELLS } from '../../src/plans/flags/completion.ts';
import type { FlagSpec } from '../../src/plans/flags/flag-spec.ts';
import { parseBuildArgs } from '../../src/plans/flags/parse-build-args.ts';
import { fakeIo } from './command-io.ts';

const NAMES = COMMANDS.map(({ name }) => name);

/** A value that the flag takes. */
function sample({ name, choices, value = '' }: FlagSpec): string {
  if (choices !== undefined) return choices[0] ?? '';
  if (name === 'freeze') return '20260101';
  if (/LEVEL$/.test(value)) return '3';
  if (/GRADE$/.test(value)) return 'B';
  return /^(N|DAYS|PORT|SECONDS)$/.test(value) ? '7' : 'a=b';
}

function words(flag: FlagSpec): readonly string[] {
  if (flag.kind === 'bool') return [`--${flag.name}`];
  return [`--${flag.name}=${flag.name === 'plain-http' ? 'host:5000' : sample(flag)}`];
}

/** Whether the command takes these words for its own: a flag that nobody knows goes to buildx as it stands. */
async function takes(name: CommandName, flag: FlagSpec): Promise<boolean> {
  const spec = await SPEC[name]();
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

describe('one table of flags a command', () => {
  test.each(NAMES)('%s: its help is what the command prints, in 120 columns', async (name) => {
    const { io, out } = fakeIo();
    const command = await LOAD[name]();
    expect(await command(['--help'], io)).toBe(0);
    const help = commandHelp(await SPEC[name]());
    expect(out()).toBe(help);
    expect(help.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect(help).toContain(`Usage: scoville ${name}`);
  });

  test.each(NAMES)('%s: each flag that help shows is parsed', async (name) => {
    for (const flag of shownFlags(await SPEC[name]()))
      expect([flag.name, await takes(name, flag)]).toEqual([flag.name, true]);
  });

  test.each(NAMES)(
    '%s: each flag that help shows, and no other, stands in its table',
    async (name) => {
      const spec = await SPEC[name]();
      const heads = [...commandHelp(spec).matchAll(/^ {2}(?:-\w, | {4})--([a-z-]+)/gm)];
      expect(heads.map(([, flag]) => flag)).toEqual(shownFlags(spec).map((flag) => flag.name));
    },
  );

  test.each(SHELLS)('%s completes each flag of each command, with its values', async (shell) => {
    const commands = await completedCommands();
    const script = completionScript(shell, commands);
    for (const { name } of commands) {
      const part = partOf(script, shell, name);
      for (const flag of completedFlags(await SPEC[name as CommandName]())) {
        const spelled = shell === 'fish' ? `-l ${flag.name} ` : `--${flag.name}`;
        expect([name, flag.name, part.includes(spelled)]).toEqual([name, flag.name, true]);
        for (const value of flag.choices ?? []) expect(part).toContain(value);
      }
    }
  });
});

/** What a script has for one command. */
function partOf(script: string, shell: string, name: string): string {
  if (shell === 'fish')
    return script
      .split('\n')
      .filter((line) => line.includes(`subcommand_from ${name}'`))
      .join('\n');
  const start = script.indexOf(`\n  ${name})`);
  const rest = script.slice(start + 1);
  const next = /\n {2}[\w*]+\)/.exec(rest);
  return rest.slice(0, next?.index);
}
