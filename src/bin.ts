// The one file that knows the process: argv, streams, signals, exit code. Exit: 0 met; 1 judged and
// short of the gate; 2 could not judge or bad usage; a failed build keeps buildx' code; 130 on
// Ctrl-C.
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isSea } from 'node:sea';
import { isatty } from 'node:tty';
import type { CommandIo } from './cli/io.ts';
import { commandLine, errorText, main } from './cli/main.ts';
import { UserError } from './lib/errors.ts';

const abort = new AbortController();
let interrupts = 0;
const interrupt = (): void => {
  interrupts += 1;
  abort.abort();
  // A second Ctrl-C does not wait for anything to clean up.
  if (interrupts > 1) process.exit(130);
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
process.on('SIGHUP', interrupt);
/** The exit code where what was written reached nobody, or an error came outside of all steps. */
let unread: number | undefined;
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Each later write fails as well.
    if (unread !== undefined) return;
    // The reader went away (`| head`): end quietly, as other commands do.
    // A product that nobody got, on a disk that is full: nothing was judged, whatever was found.
    unread = error.code === 'EPIPE' ? 141 : 2;
    process.exitCode = unread;
    if (unread === 2 && stream === process.stdout)
      process.stderr.write(`scoville: stdout could not be written: ${error.message}\n`);
    // Not at once: containers and folders of this run are removed first.
    abort.abort();
  });

// Node would end with 1, which here means that an image is below the gate.
const onUncaught = (thrown: unknown): void => {
  process.stderr.write(errorText(thrown, process.env['SCOVILLE_DEBUG'] !== undefined));
  unread = 2;
  process.exitCode = 2;
  // Containers and folders of this run are removed, for as long as that works.
  abort.abort();
  setTimeout(() => process.exit(2), 10_000).unref();
};
process.on('uncaughtException', onUncaught);
process.on('unhandledRejection', onUncaught);

/** Runs the command line. `importModule` is `import()` as Node.js has it, which kept code has not. */
export function run(importModule: CommandIo['importModule']): void {
  const { env } = process;
  const [, script = '', ...given] = process.argv;
  const pluginSocket = env['DOCKER_CLI_PLUGIN_SOCKET'] ?? '';
  if (pluginSocket !== '')
    void import('./cli/plugin.ts').then(({ watchPluginSocket }) => {
      watchPluginSocket(pluginSocket, interrupt);
    });
  const io: CommandIo = {
    stdin: process.stdin,
    writeOut: (text) => void process.stdout.write(text),
    writeErr: (text) => void process.stderr.write(text),
    inIsTerminal: isatty(0),
    outIsTerminal: isatty(1),
    errIsTerminal: isatty(2),
    columns: isatty(2) ? process.stderr.columns : isatty(1) ? process.stdout.columns : 80,
    color: (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb' && isatty(2),
    env,
    cwd: workingFolder(),
    homeDir: homedir(),
    platform: process.platform,
    now: () => Date.now(),
    signal: abort.signal,
    importModule,
    program: isSea() ? [process.execPath] : [process.execPath, realpathSync(script)],
  };

  // A command whose work stops without an answer has not succeeded: Node would end with 0.
  process.exitCode = 2;
  void main(commandLine(script, given), io).then((exitCode) => {
    process.exitCode = unread ?? exitCode;
    // A pipe that nobody closes must not hold the command open once its work is done.
    process.stdin.destroy();
  });
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new UserError('the working folder was removed', { cause, nextStep: 'cd' });
  }
}
