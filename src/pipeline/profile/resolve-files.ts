import { fileName } from '../../model/path.ts';
import { type FileTrace, mergedPaths } from '../../profile/file-trace.ts';
import { TRACER } from './tracer-files.ts';

/** Runs the tracer's program in a container of the image; returns its output, empty on failure. */
export type AskImage = (
  program: 'readlink' | 'head',
  args: readonly string[],
) => Promise<Uint8Array>;

/** Programs that are looked into for an interpreter. */
const MOST_PROGRAMS = 24;
const MOST_PATHS = 2_000;
/** Linux reads so much of a script's first line (BINPRM_BUF_SIZE). */
const FIRST_BYTES = 256;
/** A script's interpreter may be a script; Linux follows five. */
const MOST_STEPS = 5;

/**
 * Paths as AppArmor sees them: links resolved by the image's own files, and with each script the
 * program that interprets it, which no system call names.
 */
export async function resolveFiles(trace: FileTrace, ask: AskImage): Promise<FileTrace> {
  const folders = [...trace.named.keys()].map(folderOf);
  const resolved = await resolveLinks([...trace.entries, ...trace.executed, ...folders], ask);
  const real = (path: string): string => resolved.get(path) ?? path;
  const named = new Map(
    [...trace.named].map(([path, letters]) => {
      const folder = real(folderOf(path));
      const name = fileName(path);
      return [`${folder === '/' ? '' : folder}/${name}`, letters] as const;
    }),
  );
  const entries = await withInterpreters([...trace.entries].map(real), ask);
  const executed = await withInterpreters([...trace.executed].map(real), ask);
  return {
    ...trace,
    files: new Map(
      [...mergedPaths([trace.files, named])].filter(([path]) => !path.startsWith(`${TRACER}/`)),
    ),
    named: new Map(),
    entries: entries.programs,
    executed: executed.programs,
    unplaced: trace.unplaced + entries.unread + executed.unread,
  };
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

async function resolveLinks(
  paths: readonly string[],
  ask: AskImage,
): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(paths)].slice(0, MOST_PATHS);
  if (wanted.length === 0) return new Map();
  const printed = await ask('readlink', ['-m', '-z', '--', ...wanted.map(argument)]);
  const found = Buffer.from(printed).toString('latin1').split('\0');
  return new Map(
    wanted.flatMap((path, at) => {
      const real = found[at];
      return real?.startsWith('/') === true ? [[path, real] as const] : [];
    }),
  );
}

async function withInterpreters(
  programs: readonly string[],
  ask: AskImage,
): Promise<{ readonly programs: ReadonlySet<string>; readonly unread: number }> {
  const all = new Set(programs);
  const read = [...all].slice(0, MOST_PROGRAMS);
  for (const program of read) {
    let at = program;
    for (let step = 0; step < MOST_STEPS; step++) {
      const bytes = await ask('head', ['-c', String(FIRST_BYTES), '--', argument(at)]);
      const start = Buffer.from(bytes).toString('latin1');
      const interpreter = /^#![ \t]*(\/[^\s\0]+)/.exec(start)?.[1];
      if (interpreter === undefined) break;
      at = (await resolveLinks([interpreter], ask)).get(interpreter) ?? interpreter;
      all.add(at);
    }
  }
  return { programs: all, unread: Math.max(0, programs.length - read.length) };
}

/** The bytes that the trace has one character for each. */
function argument(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
