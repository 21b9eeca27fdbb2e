import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, isAbsolute } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { execa as Execa, Options, Result } from 'execa';
import type { RunTool, ToolResult, ToolRun } from '../model/run.ts';
import { findCommand, foldersOf } from './command-path.ts';
import { LineSplitter, OutputTail } from './tool-output.ts';

/** Time between the polite signal and SIGKILL. BuildKit and cosign use it to clean up. */
const GRACE_MS = 5_000;
/** How long output is waited for after a tool has ended: a grandchild may hold the pipe open. */
const DRAIN_MS = 2_000;
/** The same for output taken piece by piece: the rest may still be going to a slow disk. */
const TAKEN_DRAIN_MS = 60_000;

/**
 * Starts a tool with an argument array and waits for its end; every way of ending is data. Nothing
 * goes through a shell, and nothing is started from the working directory. An abort or timeout
 * sends SIGTERM, then SIGKILL. Throws only where `stdin` or `onStdout` itself throws.
 */
export const runTool: RunTool = async (run) => {
  if (run.signal?.aborted === true) return { ended: 'aborted' };
  const env = environment(run);
  // The project is where the user stands, whatever the tool's own folder is.
  const cwds = [process.cwd(), ...(run.cwd === undefined ? [] : [run.cwd])];
  const search = { path: env['PATH'] ?? '', cwds, home: homedir() };
  const file = findCommand(run.command, search);
  // What the tool starts by itself (git, credential helpers) is looked for in the same folders.
  if (search.path !== '') env['PATH'] = foldersOf(search).join(delimiter);
  // No program can be given such an argument; execa would call it a defect.
  if (file === undefined || run.args.join().includes('\0')) return { ended: 'not-found' };
  const plugin = pluginFile(run, file);
  if (plugin !== undefined) {
    // By this a plugin knows that docker started it; the socket is of the docker that started us.
    env['DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'] = file;
    delete env['DOCKER_CLI_PLUGIN_SOCKET'];
  }
  // Loading it takes longer than Node itself takes to start, and many commands start no tool.
  const { execa } = await import('execa');
  const child = start(execa, plugin ?? file, run, env);
  const taken = takeOutput(child.stdout, run.onStdout, () => child.kill());
  const stdout = taken ?? readOutput(child.stdout, run.stdout, run.onStdoutLine);
  const stderr = readOutput(child.stderr, run.stderr, run.onStderrLine);
  const fed = feed(child.stdin, run.stdin).then((failure) => {
    if (failure !== undefined) child.kill();
    return failure;
  });
  let drain: NodeJS.Timeout | undefined;
  child.once('exit', (code) => {
    const isOnItsWay = taken !== undefined && code !== null;
    drain = setTimeout(
      () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      },
      isOnItsWay ? TAKEN_DRAIN_MS : DRAIN_MS,
    );
  });
  const ended = await child;
  running.delete(child);
  await Promise.all([stdout.closed, stderr.closed]);
  clearTimeout(drain);
  // A child that ended leaves its input unread: destroying the pipe lets the feeder stop.
  child.stdin?.destroy();
  const failure = (await fed) ?? taken?.failure();
  if (failure !== undefined) throw failure;
  return toolResult(ended, stdout.text(), stderr.text());
};

/**
 * The plugin to start instead of docker. Undefined where docker is given flags of its own, where
 * the plugin is not here, and where docker may be a script, which may reach another machine.
 */
function pluginFile({ plugin, args }: ToolRun, docker: string): string | undefined {
  if (plugin === undefined || basename(plugin) !== `docker-${args[0] ?? ''}`) return undefined;
  return isProgram(docker) && existsSync(plugin) ? plugin : undefined;
}

function isProgram(file: string): boolean {
  const start = Buffer.alloc(2);
  try {
    const opened = openSync(file, 'r');
    readSync(opened, start);
    closeSync(opened);
  } catch {
    return false;
  }
  return start.toString('latin1') !== '#!';
}

/** What runs now: it does not outlive us. */
const running = new Set<Started>();

type Started = ReturnType<typeof start>;

function start(execa: typeof Execa, file: string, run: ToolRun, env: Record<string, string>) {
  const { cwd, stdin, stdout, stderr, timeoutMs, signal } = run;
  const output = (mode: ToolRun['stdout']) => (mode === 'inherit' ? 'inherit' : 'pipe');
  const options: Options = {
    env,
    extendEnv: false,
    // Output is read here, and every way of ending is data.
    buffer: false,
    encoding: 'buffer',
    reject: false,
    stdin: stdin === undefined ? 'ignore' : stdin === 'inherit' ? 'inherit' : 'pipe',
    stdout: output(stdout),
    stderr: output(stderr),
    detached: run.endsAll === true,
    cleanup: false,
    forceKillAfterDelay: GRACE_MS,
    ...(cwd === undefined ? {} : { cwd }),
    ...(typeof timeoutMs === 'number' ? { timeout: timeoutMs } : {}),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  };
  const child = execa(file, run.args, options);
  if (run.endsAll === true) endGroupWith(child);
  if (!process.listeners('exit').includes(endRunning)) process.on('exit', endRunning);
  running.add(child);
  return child;
}

function endRunning(): void {
  for (const child of running) child.kill();
}

/** A process that was started apart leads a group of its own; execa would end the process alone. */
function endGroupWith(child: Started): void {
  const send = (signal: NodeJS.Signals): boolean => {
    try {
      return child.pid !== undefined && process.kill(-child.pid, signal);
    } catch {
      return false;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  child.kill = () => {
    timer ??= setTimeout(() => send('SIGKILL'), GRACE_MS);
    return send('SIGTERM');
  };
  child.once('exit', () => {
    clearTimeout(timer);
  });
}

function environment(run: ToolRun): Record<string, string> {
  const entries = Object.entries({ ...process.env, ...run.env });
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !isOfTheFolder(entry[0], entry[1]),
    ),
  );
}

/** Relative paths here are invalid (XDG Base Directory Specification) and lead into the project. */
const SETTINGS_FOLDER = /^XDG_(?:CONFIG|DATA|CACHE|STATE)_HOME$/;

function isOfTheFolder(name: string, value: string): boolean {
  return SETTINGS_FOLDER.test(name) && value !== '' && !isAbsolute(value);
}

function toolResult(ended: Result, stdout: string, stderr: string): ToolResult {
  const { isCanceled, timedOut, signal, exitCode } = ended;
  if (isCanceled) return { ended: 'aborted' };
  if (timedOut) return { ended: 'timeout', stdout, stderr };
  if (signal !== undefined) return { ended: 'signal', signal, stdout, stderr };
  if (exitCode !== undefined) return { ended: 'exit', exitCode, stdout, stderr };
  // It could not be started at all: gone since it was found, or no program for this machine.
  return { ended: 'not-found' };
}

interface Output {
  readonly closed: Promise<void>;
  readonly text: () => string;
}

function readOutput(
  stream: Readable | null,
  mode: ToolRun['stdout'],
  onLine: ((line: string) => void) | undefined,
): Output {
  if (stream === null) return { closed: Promise.resolve(), text: () => '' };
  const tail = new OutputTail();
  const lines = onLine === undefined ? undefined : new LineSplitter(onLine);
  stream.on('data', (chunk: Buffer) => {
    if (mode !== 'lines') tail.push(chunk);
    lines?.push(chunk);
  });
  const closed = new Promise<void>((resolve) => {
    stream.once('error', resolve);
    stream.once('close', resolve);
  }).then(() => lines?.end());
  return { closed, text: () => tail.text() };
}

/** Passes output on, piece by piece; if it is refused, the rest of the tool's work is useless. */
function takeOutput(
  stream: Readable | null,
  take: ToolRun['onStdout'],
  onRefused: () => void,
): (Output & { readonly failure: () => Error | undefined }) | undefined {
  if (stream === null || take === undefined) return undefined;
  let failure: Error | undefined;
  const handOn = async (): Promise<void> => {
    for await (const chunk of stream)
      try {
        await take(chunk as Uint8Array);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        onRefused();
        return;
      }
  };
  // A tool that is killed cuts its output off: how it ended says so.
  const closed = handOn().catch(() => undefined);
  return { closed, text: () => '', failure: () => failure };
}

/** Writes the input. A tool may stop reading early; returns the error if the source fails. */
async function feed(target: Writable | null, stdin: ToolRun['stdin']): Promise<Error | undefined> {
  if (target === null || stdin === undefined || stdin === 'inherit') return undefined;
  let failure: Error | undefined;
  async function* source(input: Uint8Array | AsyncIterable<Uint8Array>) {
    try {
      if (input instanceof Uint8Array) yield input;
      else yield* input;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  }
  try {
    await pipeline(source(stdin), target);
  } catch {
    return failure;
  }
  return undefined;
}
