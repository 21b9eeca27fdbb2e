import { readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { plainEntry } from '../../model/tar.ts';
import { TAR_END, tarHeader, tarPadding } from '../../tar/writer.ts';
import { findCommand } from '../../tools/command-path.ts';
import { commandSearch, type PipelineContext } from '../context.ts';

/** Folder of the tracer in a container. */
export const TRACER = '/.scoville';
/** The pipe in it that the tracer writes into. */
export const TRACE_PIPE = `${TRACER}/trace`;
/** The same for what is started in the container beside its program. */
export const EXEC_PIPE = `${TRACER}/exec`;

/** The tracer, and what reads its pipe. */
type TracerProgram = (typeof PROGRAMS)[number];

/** The tracer as files for a volume, and how its programs are started from there. */
export interface Tracer {
  /** A tar archive. */
  readonly archive: Uint8Array;
  /** Words that start one of the programs, for `--entrypoint` and behind it. */
  readonly start: (program: TracerProgram) => readonly string[];
}

const PROGRAMS = ['strace', 'cat'] as const;
const LINKED = /^\s*(\S+) => (\/\S+) \(0x[0-9a-f]+\)$/;
const LOADER = /^\s*(\/\S*\/ld[\w.-]*\.so[\w.]*)(?: => \S+)? \(0x[0-9a-f]+\)$/;

/**
 * Takes strace and cat of this machine with their loader and libraries, so
 * that they run in any image of the same machine, those without a C library too. Throws UserError
 * where strace is missing.
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
    parts.push(
      tarHeader(plainEntry(name, 'file', content.length, 0o755)),
      content,
      tarPadding(content.length),
    );
  }
  const before = loader === undefined ? [] : [`${TRACER}/ld.so`, '--library-path', `${TRACER}/lib`];
  return {
    archive: Buffer.concat([...parts, TAR_END]),
    start: (program) => [...before, `${TRACER}/${program}`],
  };
}

/** What the loader of this machine loads with a program; nothing for a static one. */
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
