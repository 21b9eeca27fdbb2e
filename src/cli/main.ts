import { basename } from 'node:path';
import {
  diskError,
  EXIT,
  Interrupted,
  isFullDisk,
  messageOf,
  ToolError,
  UserError,
} from '../lib/errors.ts';
import { useNetwork } from '../lib/fetch.ts';
import { didYouMean } from '../lib/text.ts';
import { cleanLines } from '../ui/text.ts';
import { COMMANDS, completedCommands } from './command-list.ts';
import { ALL_HELP, type CommandIo, conversing, writeHelp, writeProse } from './io.ts';
import { pathsOf } from './paths.ts';
import { METADATA_WORD, PLUGIN_WORD, PLUGINS } from './plugin-call.ts';
import { VERSION } from './version.ts';

export function helpText(): string {
  const width = Math.max(...COMMANDS.map((c) => c.name.length)) + 2;
  const rows = COMMANDS.map(({ name, group, summary }, i) => {
    const title = group === COMMANDS[i - 1]?.group ? '' : `\n${group}:\n`;
    return `${title}  ${name.padEnd(width)}${summary}\n`;
  });
  return `Build container images reproducibly, sign them, and grade how hardened they are.

Usage: scoville COMMAND [flags]

Start with:
  scoville build -t my-app .     instead of docker build
  scoville grade IMAGE           how hardened an image is
  scoville explain ID            what a finding means, and how to fix it
${rows.join('')}
Flags:
  -h, --help  Show help (scoville COMMAND --help for one command)
  --version   Show the version

Exit codes:
  0    success
  1    gate not met
  2    error
  130  canceled
  A failed build keeps the exit code of docker buildx.

Settings: .scoville.yaml next to your Dockerfile
`;
}

/** The command line in our words, however called: also by a link named like a Docker plugin. */
export function commandLine(program: string, given: readonly string[]): readonly string[] {
  return basename(program) === `docker-${PLUGINS.command}` ? [PLUGIN_WORD, ...given] : given;
}

/** Runs the command line and gives the exit code; every error ends here as a message on stderr. */
export async function main(argv: readonly string[], outside: CommandIo): Promise<number> {
  const io = conversing(outside);
  try {
    useNetwork(io.env, io.homeDir);
    return await dispatch(argv, io);
  } catch (thrown) {
    if (io.signal.aborted || thrown instanceof Interrupted) {
      const publishes = argv[0] === PLUGIN_WORD || commandNamed(argv[0])?.publishes === true;
      const rest = publishes ? '; nothing was tagged, loaded or pushed after this point' : '';
      io.writeErr(`\nscoville: interrupted${rest}\n`);
      return EXIT.interrupted;
    }
    const error = thrown instanceof ToolError ? thrown : diskError(thrown);
    io.writeErr(errorText(error, io.env['SCOVILLE_DEBUG'] !== undefined));
    if (isFullDisk(error)) {
      const { storeText } = await import('../image/layout/store.ts');
      io.writeErr(`  ${cleanLines(await storeText(pathsOf(io).store))}\n`);
    }
    return error instanceof UserError ? error.exitCode : EXIT.failed;
  }
}

async function dispatch(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === PLUGIN_WORD || name === METADATA_WORD) {
    const { dockerPlugin } = await import('./plugin.ts');
    return dockerPlugin(name === PLUGIN_WORD ? rest : argv, io, dispatch, completedCommands);
  }
  if (name === undefined) {
    io.writeErr(helpText());
    return EXIT.failed;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const about = rest[0];
    if (name === 'help' && about !== undefined) return dispatch([about, '--help'], io);
    writeProse(io, helpText());
    return EXIT.met;
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    io.writeOut(`scoville ${VERSION}\n`);
    return EXIT.met;
  }
  if (name === '__complete') {
    const { completionAnswer } = await import('./command-help.ts');
    io.writeOut(completionAnswer(await completedCommands(), rest));
    return EXIT.met;
  }
  const entry = commandNamed(name);
  if (entry === undefined)
    throw new UserError(`unknown command: ${JSON.stringify(name)}`, {
      nextStep: `scoville --help lists the commands${nearest(name)}`,
    });
  const [only = ''] = rest;
  if (rest.length === 1 && ['--help', ALL_HELP].includes(only)) {
    await writeHelp(io, await entry.spec(), only === ALL_HELP);
    return EXIT.met;
  }
  const command = await entry.load();
  return command(rest, io);
}

function commandNamed(name: string | undefined): (typeof COMMANDS)[number] | undefined {
  return COMMANDS.find((c) => c.name === name || (c.was !== undefined && c.was === name));
}

function nearest(name: string): string {
  const names = COMMANDS.map((c) => c.name);
  const begun = names.find((candidate) => name.length > 1 && candidate.startsWith(name));
  const match = begun ?? didYouMean(name, names);
  return match === undefined ? '' : `; did you mean ${match}?`;
}

/** What happened, what the tool said, the next step. Cleaned: errors quote files and servers. */
export function errorText(thrown: unknown, debug: boolean): string {
  const lines = [`scoville: ${messageOf(thrown)}`];
  if (thrown instanceof ToolError) {
    const said = thrown.stderrTail.trimEnd().split('\n').slice(-8);
    const [last = ''] = said.slice(-1);
    // The message may end with its last line already; without a tail, that line is empty.
    if (messageOf(thrown).endsWith(last.trim())) said.pop();
    lines.push(...said.map((line) => `  | ${line}`));
  }
  const nextStep =
    thrown instanceof UserError || thrown instanceof ToolError ? thrown.nextStep : undefined;
  if (nextStep !== undefined) lines.push(`  next: ${nextStep}`);
  if (!(thrown instanceof UserError) && !(thrown instanceof ToolError)) {
    lines.push('  this is a defect of scoville; please report it with the command you ran');
    if (thrown instanceof Error && thrown.stack !== undefined) lines.push(thrown.stack);
  } else if (debug && thrown.stack !== undefined) {
    lines.push(thrown.stack);
  }
  return `${cleanLines(lines.join('\n'))}\n`;
}
