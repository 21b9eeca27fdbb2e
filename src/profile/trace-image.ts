import { randomBytes } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  copyIntoContainer,
  createContainer,
  createVolume,
  execInContainer,
  follow,
  removeContainer,
  removeVolume,
} from '../build/docker-containers.ts';
import { TAR_END, tarFile, tarHeader } from '../image/tar/tar-writer.ts';
import { ToolError, UserError } from '../lib/errors.ts';
import { findCommand, type RunTool } from '../lib/run-tool.ts';
import { commandSearch, type PipelineContext } from '../model/context.ts';
import { plainEntry } from '../model/image.ts';
import { type Exec, runContainer, type RunRequest, type RunResult } from './run-container.ts';
import { mergedTraces, type Trace, TraceReader } from './trace-reader.ts';

/** The tracer's folder in a container. */
const TRACER = '/.scoville';
const TRACE_PIPE = `${TRACER}/trace`;
/** Same for programs started in the container beside its own. */
const EXEC_PIPE = `${TRACER}/exec`;

/** The tracer, and the reader of its pipe. */
type TracerProgram = (typeof PROGRAMS)[number];

/** The tracer as files for a volume, and the commands to start its programs there. */
export interface Tracer {
  /** A tar archive. */
  readonly archive: Uint8Array;
  /** Words that start one of the programs, for `--entrypoint` and after it. */
  readonly start: (program: TracerProgram) => readonly string[];
}

const PROGRAMS = ['strace', 'cat'] as const;
const LINKED = /^\s*(\S+) => (\/\S+) \(0x[0-9a-f]+\)$/;
const LOADER = /^\s*(\/\S*\/ld[\w.-]*\.so[\w.]*)(?: => \S+)? \(0x[0-9a-f]+\)$/;

/**
 * Copies strace and cat of this machine with loader and libraries, so that they run in any image of
 * the same machine, also without a C library. Throws UserError if strace is missing.
 */
export async function tracerFiles(context: PipelineContext): Promise<Tracer> {
  const files = new Map<string, string>();
  let loader: string | undefined;
  for (const program of PROGRAMS) {
    const path = findCommand(program, commandSearch(context));
    if (path === undefined)
      throw new UserError(`${program} not found: it traces the program`, {
        nextStep: `install it where this command runs: apt-get install ${program === 'strace' ? 'strace' : 'coreutils'}`,
      });
    files.set(program, path);
    const linked = await linkedFiles(context.run, path, context.signal);
    for (const [name, file] of linked.libraries) files.set(`lib/${name}`, file);
    loader ??= linked.loader;
  }
  if (loader !== undefined) files.set('ld.so', loader);
  const parts: Uint8Array[] = [
    tarHeader(plainEntry('lib', 'directory', 0, 0o755)),
    ...[TRACE_PIPE, EXEC_PIPE].map((pipe) =>
      tarHeader(plainEntry(basename(pipe), 'fifo', 0, 0o666)),
    ),
  ];
  for (const [name, path] of files) {
    const content = await readFile(await realpath(path));
    parts.push(tarFile(name, content, 0o755));
  }
  const before = loader === undefined ? [] : [`${TRACER}/ld.so`, '--library-path', `${TRACER}/lib`];
  return {
    archive: Buffer.concat([...parts, TAR_END]),
    start: (program) => [...before, `${TRACER}/${program}`],
  };
}

/** The libraries of a program by this machine's loader; none for a static one. */
async function linkedFiles(
  run: RunTool,
  path: string,
  signal: AbortSignal,
): Promise<{
  readonly libraries: readonly (readonly [string, string])[];
  readonly loader: string | undefined;
}> {
  const result = await run({ command: 'ldd', args: [path], signal, timeoutMs: 30_000 });
  const lines = result.ended === 'exit' ? result.stdout.split('\n') : [];
  const libraries = lines.flatMap((line): (readonly [string, string])[] => {
    const [, name, file] = LINKED.exec(line) ?? [];
    return name === undefined || file === undefined ? [] : [[basename(name), file]];
  });
  const loader = lines.map((line) => LOADER.exec(line)?.[1]).find((one) => one !== undefined);
  return { libraries, loader };
}

type TraceRequest = Omit<RunRequest, 'name' | 'exec' | 'newPrivileges' | 'options' | 'command'> & {
  readonly tracer: Tracer;
  readonly architecture: string;
};

/** `-D`: the program stays process 1 and gets signals. `raw`: strace does not read its memory. */
const STRACE = ['-f', '--quiet=attach,exit', '-e', 'raw=all', '-o'];
/** Wait for the rest of the trace after the program ended. */
const REST_MS = 10_000;

/**
 * Runs the image under strace and reads its calls. The tracer is in a volume, read-only for the
 * program. It writes into a pipe that a second container reads, so no trace is on a disk. Volume
 * and containers are always removed.
 */
export async function traceImage(
  context: PipelineContext,
  { tracer, architecture, ...request }: TraceRequest,
): Promise<RunResult & { readonly trace: Trace }> {
  const { run, signal } = context;
  const name = `scoville-profile-${randomBytes(6).toString('hex')}`;
  const reader = `${name}-reader`;
  const first = new TraceReader(architecture);
  const found = [first];
  const readInto = (part: TraceReader, args: readonly string[], until: AbortSignal) =>
    follow(
      run,
      args,
      (chunk) => {
        part.push(chunk);
      },
      until,
    ).catch(() => undefined);
  const ended = new AbortController();
  let following: Promise<void> | undefined;
  try {
    signal.throwIfAborted();
    await createVolume(run, name);
    await createReader(context, reader, request.image, name, [...tracer.start('cat'), TRACE_PIPE]);
    await copyIntoContainer(run, tracer.archive, `${reader}:${TRACER}`);
    following = readInto(first, ['start', '--attach', reader], ended.signal);
    const [loader = '', ...before] = tracer.start('strace');
    // Each program started in the container has its own tracer and pipe: two writers in one pipe
    // would cut each other's lines.
    const exec: Exec = async (command, limits) => {
      const part = new TraceReader(architecture);
      found.push(part);
      const over = new AbortController();
      const args = ['exec', reader, ...tracer.start('cat'), EXEC_PIPE];
      const read = readInto(part, args, over.signal);
      const traced = [loader, ...before, ...STRACE, EXEC_PIPE, '--', ...command];
      return execInContainer(run, name, traced, limits).finally(async () => {
        await Promise.race([read, sleep(REST_MS)]);
        over.abort();
        await read;
      });
    };
    const result = await runContainer(context, {
      ...request,
      name,
      newPrivileges: false,
      exec,
      options: ['--no-healthcheck', '--mount', mount(name, ',readonly'), '--entrypoint', loader],
      command: [...before, '-D', ...STRACE, TRACE_PIPE, '--', ...request.service.program],
    });
    await Promise.race([following, sleep(REST_MS)]);
    return { ...result, trace: mergedTraces(found.map((one) => one.trace())) };
  } finally {
    const isGone = await removeContainer(run, reader);
    ended.abort();
    await following;
    if (!isGone || !(await removeVolume(run, name)))
      context.emit({
        kind: 'warning',
        text: `the volume ${name} could not be removed`,
        nextStep: `docker rm --force ${reader}; docker volume rm ${name}`,
      });
  }
}

/** A container for the tracer's programs: no network, no rights; it runs nothing of the image. */
async function createReader(
  { run }: PipelineContext,
  name: string,
  image: string,
  volume: string,
  [entryPoint = '', ...words]: readonly string[],
): Promise<void> {
  try {
    await createContainer(run, {
      name,
      image,
      rights: 'none',
      ports: [],
      env: [],
      quickHealth: false,
      options: [
        ...['--no-healthcheck', '--network', 'none', '--read-only', '--user', '65534:65534'],
        ...['--log-driver', 'none', '--workdir', '/', '--mount', mount(volume, '')],
        ...['--entrypoint', entryPoint],
      ],
      command: words,
    });
  } catch (error) {
    if (error instanceof ToolError && /no such image/i.test(error.stderrTail))
      throw new UserError(`Docker has no image ${image}`, { cause: error });
    throw error;
  }
}

/** `volume-nocopy`: nothing that the image has at that path gets into the volume. */
function mount(volume: string, more: string): string {
  return `type=volume,src=${volume},dst=${TRACER},volume-nocopy${more}`;
}
