import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type { execa as Execa, Options, Result } from 'execa';

/** One start of a tool: argument array, never a shell. */
export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** For docker plugins: their file, as docker reported it. Saves docker a search of 0.1 s. */
  readonly plugin?: string;
  /** Added to the environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array> | 'inherit';
  /** Called when it runs. */
  readonly onStart?: () => void;
  /** Lines of stdout and stderr as they arrive, without line ends. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** stdout as bytes, not captured. Each piece is taken before the next; errors are rethrown. */
  readonly onStdout?: (chunk: Uint8Array) => Promise<void>;
  /** `inherit` hands the terminal to the tool; default `capture` (bounded). */
  readonly stdout?: 'capture' | 'inherit' | 'lines';
  readonly stderr?: 'capture' | 'inherit' | 'lines';
  /** A limit, or why there is none. */
  readonly timeoutMs: number | { readonly unlimited: string };
  /** Ends what the tool started with it; without a terminal. Docker leaves its plugins running. */
  readonly endsAll?: true;
  readonly signal?: AbortSignal;
}

/** Every way that a run ends, as data: a non-zero exit does not throw. */
export type ToolResult =
  | {
      readonly ended: 'exit';
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | {
      readonly ended: 'signal';
      readonly signal: string;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly ended: 'timeout'; readonly stdout: string; readonly stderr: string }
  | { readonly ended: 'not-found' }
  | { readonly ended: 'aborted' };

/** Tests use one that throws on unexpected commands. */
export type RunTool = ((run: ToolRun) => Promise<ToolResult>) & {
  /** The socket that a `docker` started by it talks to; undefined where docker is to be asked. */
  readonly engineSocket?: () => string | undefined;
};

/** What a command search uses: PATH, the user's and the tool's working folders, the user's home. */
export interface CommandSearch {
  readonly path: string;
  readonly cwds: readonly string[];
  readonly home: string;
}

/**
 * The absolute path of a command on PATH, or undefined where no entry that counts has it.
 */
export function findCommand(command: string, search: CommandSearch): string | undefined {
  if (isAbsolute(command)) return isProgram(command) ? command : undefined;
  if (command === '' || command.includes('/')) return undefined;
  return foldersOf(search)
    .map((folder) => join(folder, command))
    .find(isProgram);
}

/**
 * The entries of PATH to use, for us and for what the tools start. Left out: relative and empty
 * entries, folders of the project, and `node_modules/.bin` of folders above it. So a project's
 * author cannot choose our tools. The project is the working directory, or the nearest folder above
 * it with a `.git`, unless that is home or above home.
 */
function foldersOf({ path, cwds, home }: CommandSearch): readonly string[] {
  const here = cwds.map(realPath);
  const projects = here
    .flatMap((cwd) => [cwd, repositoryOf(cwd) ?? cwd])
    .filter((folder) => folder !== '/' && !isInside(realPath(home), folder));
  return path.split(delimiter).filter((folder) => {
    if (!isAbsolute(folder)) return false;
    const real = realPath(folder);
    // `npm run` puts these on PATH, of the project and of each folder above it.
    const isOfNpm = /[\\/]node_modules[\\/]\.bin$/.test(folder);
    if (isOfNpm && here.some((cwd) => isInside(cwd, join(folder, '..', '..')))) return false;
    return !here.includes(real) && !projects.some((project) => isInside(real, project));
  });
}

function repositoryOf(folder: string): string | undefined {
  if (existsSync(join(folder, '.git'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : repositoryOf(above);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Bytes of a stream that are kept; of more, the last. */
const CAPTURE_LIMIT = 16 * 1024 * 1024;
/** Longer lines are passed on in pieces. */
const LINE_LIMIT = 1024 * 1024;

class OutputTail {
  #chunks: Uint8Array[] = [];
  #size = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Cut at twice the limit, so that cutting stays rare.
    if (this.#size > 2 * CAPTURE_LIMIT) this.#cut();
  }

  text(): string {
    if (this.#size > CAPTURE_LIMIT) this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    const all = Buffer.concat(this.#chunks);
    const tail = Buffer.from(all.subarray(Math.max(0, all.length - CAPTURE_LIMIT)));
    this.#chunks = [tail];
    this.#size = tail.length;
  }
}

/** Splits bytes into lines without their ends (LF or CR LF). */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const pieces = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) this.#onLine(withoutReturn(piece));
    if (this.#rest.length > LINE_LIMIT) {
      this.#onLine(this.#rest);
      this.#rest = '';
    }
  }

  /** Passes on a last line without an end. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#onLine(withoutReturn(last));
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Time between the polite signal and SIGKILL. BuildKit and cosign use it to clean up. */
const GRACE_MS = 5_000;
/** Wait for output after the tool ended: a grandchild may keep the pipe open. */
const DRAIN_MS = 2_000;
/** Same for output taken piece by piece: a slow disk may still need it. */
const TAKEN_DRAIN_MS = 60_000;

/**
 * Starts a tool with an argument array and waits for its end; every way of ending is data. Nothing
 * goes through a shell, and nothing is started from the working directory. An abort or timeout
 * sends SIGTERM, then SIGKILL. Throws only where `stdin` or `onStdout` itself throws.
 */
export const runTool: RunTool = async (run) => {
  if (run.signal?.aborted === true) return { ended: 'aborted' };
  const env = environment(run);
  // The project is the user's folder, also where the tool runs elsewhere.
  const cwds = [process.cwd(), ...(run.cwd === undefined ? [] : [run.cwd])];
  const search = { path: env['PATH'] ?? '', cwds, home: homedir() };
  const file = findCommand(run.command, search);
  // What the tool starts (git, credential helpers) comes from the same folders.
  if (search.path !== '') env['PATH'] = foldersOf(search).join(delimiter);
  // No program can be given such an argument; execa would call it a defect.
  if (file === undefined || run.args.join().includes('\0')) return { ended: 'not-found' };
  const plugin = pluginFile(run, file);
  if (plugin !== undefined) {
    // A plugin sees here that docker started it; the socket is of the docker that started us.
    env['DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'] = file;
    delete env['DOCKER_CLI_PLUGIN_SOCKET'];
  }
  const { execa } = await loadTools();
  const child = start(execa, plugin ?? file, run, env);
  run.onStart?.();
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
 * The plugin to start directly. Undefined where docker itself gets flags, where the plugin is
 * missing, and where docker may be a script that reaches another machine.
 */
function pluginFile({ plugin, args }: ToolRun, docker: string): string | undefined {
  if (plugin === undefined || basename(plugin) !== `docker-${args[0] ?? ''}`) return undefined;
  return !isScript(docker) && existsSync(plugin) ? plugin : undefined;
}

/** True too where it cannot be read. */
export function isScript(file: string): boolean {
  const start = Buffer.alloc(2);
  try {
    const opened = openSync(file, 'r');
    readSync(opened, start);
    closeSync(opened);
  } catch {
    return true;
  }
  return start.toString('latin1') === '#!';
}

/** What starts tools. It takes longer to load than Node to start, and many commands start none. */
export function loadTools(): Promise<{ readonly execa: typeof Execa }> {
  return import('execa');
}

/** Killed when we exit. */
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

/** A detached process leads a group; execa would kill only the process. */
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
  // It was removed since the search, or is not for this machine.
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

/** Passes output on, piece by piece. If that fails, the tool's work is useless. */
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
  // A killed tool cuts its output off; its result says so.
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
