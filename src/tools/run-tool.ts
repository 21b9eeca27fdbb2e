import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, isAbsolute } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunTool, ToolResult, ToolRun } from '../model/run.ts';
import { findCommand, foldersOf } from './command-path.ts';
import { LineSplitter, OutputTail } from './tool-output.ts';

/** Time between the polite signal and SIGKILL. BuildKit and cosign use it to clean up. */
const GRACE_MS = 5_000;
/** How long output is waited for after a tool has ended: a grandchild may hold the pipe open. */
const DRAIN_MS = 2_000;
/** The same for output taken piece by piece: the rest may still be going to a slow disk. */
const TAKEN_DRAIN_MS = 60_000;

/** How a process ended; without code and signal it never ran. */
interface Ended {
  readonly isCanceled: boolean;
  readonly timedOut: boolean;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
}

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
  if (file === undefined) return { ended: 'not-found' };
  const plugin = pluginFile(run, file);
  if (plugin !== undefined) {
    // By this a plugin knows that docker started it; the socket is of the docker that started us.
    env['DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'] = file;
    delete env['DOCKER_CLI_PLUGIN_SOCKET'];
  }
  const started = start(plugin ?? file, run, env);
  if (started === undefined) return { ended: 'not-found' };
  const { child, end } = started;
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
  const ended = await end;
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

/** Undefined where the system refuses at once: too many arguments for it. */
function start(
  file: string,
  run: ToolRun,
  env: Record<string, string>,
): { readonly child: ChildProcess; readonly end: Promise<Ended> } | undefined {
  const { cwd, stdin, stdout, stderr } = run;
  const output = (mode: ToolRun['stdout']) => (mode === 'inherit' ? 'inherit' : 'pipe');
  const input = stdin === undefined ? 'ignore' : stdin === 'inherit' ? 'inherit' : 'pipe';
  try {
    const stdio: StdioOptions = [input, output(stdout), output(stderr)];
    const detached = run.endsAll === true;
    const child = spawn(file, run.args, {
      ...{ env, stdio, detached },
      ...(cwd === undefined ? {} : { cwd }),
    });
    if (detached) child.kill = (signal) => killGroup(child.pid, signal);
    return { child, end: endOf(child, run) };
  } catch {
    return undefined;
  }
}

/** A process that was started apart leads a group of its own. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** What runs now: it does not outlive us. */
const running = new Set<ChildProcess>();

function endRunning(): void {
  for (const child of running) child.kill();
}

/** Waits for the end, and brings it about on an abort or after the time. */
async function endOf(child: ChildProcess, { signal, timeoutMs }: ToolRun): Promise<Ended> {
  if (!process.listeners('exit').includes(endRunning)) process.on('exit', endRunning);
  running.add(child);
  const ending = { isCanceled: false, timedOut: false };
  let kill: NodeJS.Timeout | undefined;
  const stop = (why: keyof typeof ending) => () => {
    ending[why] = true;
    child.kill();
    kill ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const onAbort = stop('isCanceled');
  signal?.addEventListener('abort', onAbort);
  const timer = typeof timeoutMs === 'number' ? setTimeout(stop('timedOut'), timeoutMs) : undefined;
  const end = await new Promise<Pick<Ended, 'exitCode' | 'signal'>>((resolve) => {
    child.once('exit', (exitCode, by) => {
      resolve({ exitCode: exitCode ?? undefined, signal: by ?? undefined });
    });
    child.on('error', () => {
      // A signal could not be sent to what runs. It ends by itself, unless it was to stop.
      if (child.pid !== undefined && !ending.isCanceled && !ending.timedOut) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({});
    });
  });
  clearTimeout(timer);
  clearTimeout(kill);
  signal?.removeEventListener('abort', onAbort);
  running.delete(child);
  return { ...ending, ...end };
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

function toolResult(ended: Ended, stdout: string, stderr: string): ToolResult {
  if (ended.isCanceled) return { ended: 'aborted' };
  if (ended.timedOut) return { ended: 'timeout', stdout, stderr };
  if (ended.signal !== undefined) return { ended: 'signal', signal: ended.signal, stdout, stderr };
  if (ended.exitCode !== undefined)
    return { ended: 'exit', exitCode: ended.exitCode, stdout, stderr };
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
