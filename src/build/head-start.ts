import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type CacheHome, openCache } from '../image/caches.ts';
import { writeBeside } from '../image/disk.ts';
import { type BuildFolder, isPruned, makeBuildFolder } from '../image/layout/build-folder.ts';
import { given, isObject, listField, textField, textMapField } from '../lib/json.ts';
import type { RunTool, ToolResult, ToolRun } from '../lib/run-tool.ts';
import type { DockerClient } from './docker.ts';
import { markOf } from './kept-client.ts';

/**
 * buildx, started as the same command line did the last time, before the code that plans a build is
 * loaded. The plan is made all the same. Where it asks for anything else, what was started is
 * ended, and buildx starts by the plan.
 */
export interface HeadStart {
  /** The folder it exports to, once. `empty` has to clear it where the plan is another. */
  readonly takeFolder: (empty: () => Promise<void>) => BuildFolder | undefined;
  /** Runs what is planned. `own`: it may be started early, with other own files the next time. */
  readonly run: (planned: ToolRun, own: OwnFiles | undefined) => Promise<ToolResult>;
  /** Milliseconds since 1970, where what was planned for the folder had been started early. */
  readonly startedIn: (folder: string) => number | undefined;
  /** Ends what nobody asked for, and removes what it exported. */
  readonly end: () => Promise<void>;
}

/** What differs from run to run: the folder, and the one file in it that buildx reads. */
interface OwnFiles {
  readonly folder: string;
  readonly file: { readonly path: string; readonly text: string } | undefined;
}

interface Outside {
  /** Of `scoville build`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly paths: CacheHome['paths'] & Record<'store' | 'config' | 'dockerConfig', string>;
  readonly version: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly run: RunTool;
  /** Undefined where docker may have changed. */
  readonly client: () => Promise<DockerClient | undefined>;
}

/** In kept texts, the build's folder: no argument can have it. */
const FOLDER = '\0';
/** Shells change them from command to command. */
const PASSING = new Set(['_', 'OLDPWD', 'SHLVL', 'COLUMNS', 'LINES']);
/** All that a build gives buildx. */
const VARIABLES = /^(?:SOURCE_DATE_EPOCH|EXPERIMENTAL_BUILDKIT_SOURCE_POLICY|BUILDX_GIT_INFO)$/;
/** Characters of what buildx says that wait for the plan. */
const MOST_SAID = 16 * 1024 * 1024;

interface Early {
  readonly folder: BuildFolder;
  /** What was started, where that is what was planned. */
  readonly take: (planned: ToolRun, own: OwnFiles) => Promise<ToolResult> | undefined;
  readonly end: () => Promise<void>;
}

const NOTHING = (): Promise<void> => Promise.resolve();

const begun = new WeakMap<RunTool, HeadStart>();

export function headStartOf(run: RunTool): HeadStart | undefined {
  return begun.get(run);
}

/** Resolves when buildx was started, or will not be before the plan. Never throws. */
export async function beginBuildx(outside: Outside): Promise<HeadStart> {
  const cache = openCache(outside, 'head-starts', 1);
  const since = outside.now();
  const key = await keyOf(outside);
  const note = await cache.get(key);
  const early = isObject(note) ? await startEarly(outside, note).catch(() => undefined) : undefined;
  let folder = early?.folder;
  let empty = NOTHING;
  let isFirst = true;
  let takenIn: string | undefined;
  const runFirst = async (planned: ToolRun, own?: OwnFiles): Promise<ToolResult> => {
    // A file may have changed while the plan was made, or a question waited for its answer.
    const isSame = own !== undefined && (await keyOf(outside)) === key;
    const taken = isSame ? early?.take(planned, own) : undefined;
    if (taken !== undefined) {
      takenIn = early?.folder.dir;
      return taken;
    }
    await early?.end();
    await empty();
    return outside.run(planned);
  };
  const headStart: HeadStart = {
    takeFolder: (clear) => {
      const taken = folder;
      folder = undefined;
      empty = clear;
      return taken;
    },
    run: async (planned, own) => {
      if (!isFirst) return outside.run(planned);
      isFirst = false;
      const result = await runFirst(planned, own);
      const next = (own && noteOf(planned, own, outside.args)) ?? null;
      const isGood = result.ended === 'exit' && result.exitCode === 0;
      if (isGood && JSON.stringify(next) !== JSON.stringify(note ?? null))
        await cache.set(key, next);
      return result;
    },
    startedIn: (of) => (of === takenIn ? since : undefined),
    end: async () => {
      await early?.end();
      if (folder === undefined) return;
      const { BuildDirectory, LayoutStore } = await import('../image/layout/store.ts');
      const { blobs } = new LayoutStore(outside.paths.store, outside.now);
      await new BuildDirectory(folder.id, folder.dir, blobs, outside.now).discard();
    },
  };
  begun.set(outside.run, headStart);
  return headStart;
}

/**
 * Changes with all that a plan is made of, but for git, registries and other files of the context.
 * A hash, since words and variables may be secrets.
 */
async function keyOf({ args, env, cwd, paths, version }: Outside): Promise<string> {
  const named = args.flatMap((word) => [word, word.slice(word.indexOf('=') + 1), word.slice(2)]);
  const places = [...new Set(named.map((word) => resolve(cwd, word)))];
  const found = await Promise.all(
    places.map(async (place) => [place, await kindOf(place)] as const),
  );
  const files = found.flatMap(([place, kind]) =>
    kind === 'file' ? [place] : kind === 'folder' ? filesOfProject(place) : [],
  );
  // What `docker buildx use` has chosen. By its text, since each buildx writes the file again.
  const current = join(env['BUILDX_CONFIG'] || join(paths.dockerConfig, 'buildx'), 'current');
  const [marks, repositories, chosen] = await Promise.all([
    Promise.all([join(paths.config, 'config.yaml'), ...files].map((file) => markOf(file))),
    // Whether a person's settings count depends on where the project ends.
    Promise.all(files.map((file) => kindOf(join(dirname(file), '.git')))),
    readFile(current, 'utf8').catch(() => ''),
  ]);
  const variables = Object.entries(env).filter(([name]) => !PASSING.has(name));
  const parts = [version, cwd, args, files, marks, repositories, chosen, variables.sort()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? 'file' : found?.isDirectory() === true ? 'folder' : undefined;
}

/** Its Dockerfile, and where its settings may be. */
function filesOfProject(folder: string): readonly string[] {
  const above = dirname(folder);
  const own = ['.scoville.yaml', '.scoville.yml'].map((name) => join(folder, name));
  return [
    join(folder, 'Dockerfile'),
    ...own,
    ...(above === folder ? [] : filesOfProject(above).slice(1)),
  ];
}

/** A word of buildx: as it is, or what stands before a word of the user, and which one that is. */
type Word = string | readonly [string, number];

/** What to start early. Without words of the user, which may be secrets. */
function noteOf({ args, env = {} }: ToolRun, { folder, file }: OwnFiles, user: readonly string[]) {
  const kept = (text: string): string => text.replaceAll(folder, FOLDER);
  const words = args.map((word): Word => {
    const ends = user.map((one) => (one !== '' && word.endsWith(one) ? one.length : undefined));
    const at = ends.findIndex((end) => end !== undefined && FLAG.test(word.slice(0, -end)));
    return at < 0 ? kept(word) : [word.slice(0, -(ends[at] ?? 0)), at];
  });
  // One that came another way than as a word alone is not kept.
  if (words.some((word) => typeof word === 'string' && word.startsWith('--build-arg=')))
    return undefined;
  const variables = Object.entries(env).map(([name, text]) => [name, text && kept(text)] as const);
  return {
    words,
    env: Object.fromEntries(variables),
    ...given({ name: file && basename(file.path), text: file?.text }),
  };
}

const FLAG = /^(?:--[a-z-]+=)?$/;

async function startEarly(outside: Outside, note: object): Promise<Early | undefined> {
  const { paths, cwd, now, args: user, client } = outside;
  const words = listField(note, 'words').map((word) => {
    if (typeof word === 'string') return word;
    const [start, at] = Array.isArray(word) ? (word as readonly unknown[]) : [];
    return `${String(start)}${user[Number(at)] ?? ''}`;
  });
  const variables = Object.entries(textMapField(note, 'env'));
  // The entry could be anybody's.
  const isOurs =
    words.slice(0, 2).join(' ') === 'buildx build' &&
    variables.every(([name]) => VARIABLES.test(name));
  const plugin = isOurs ? (await client())?.buildx?.path : undefined;
  if (plugin === undefined) return undefined;
  const folder = await makeBuildFolder(paths.store, now());
  // The build waits for it, in that folder.
  if (await isPruned(paths.store)) return { folder, take: () => undefined, end: NOTHING };
  const filled = (text: string): string => text.replaceAll(FOLDER, folder.dir);
  const env = Object.fromEntries(variables.map(([name, text]) => [name, filled(text)]));
  const start = { command: 'docker', args: words.map(filled), env, plugin, cwd };
  const [name, text] = [textField(note, 'name'), textField(note, 'text')];
  if (name === undefined || text === undefined)
    return { folder, ...(await started(outside, start, undefined)) };
  const file = { path: join(folder.dir, basename(name)), text };
  await writeBeside(file.path, text);
  return { folder, ...(await started(outside, start, file)) };
}

type Start = Pick<ToolRun, 'command' | 'args' | 'env' | 'plugin' | 'cwd'>;

/** Starts it. What it says is kept until it is taken. */
async function started(
  { run, signal }: Outside,
  start: Start,
  file: OwnFiles['file'],
): Promise<Omit<Early, 'folder'>> {
  const stop = new AbortController();
  const said: string[] = [];
  let size = 0;
  let hear = (line: string): void => {
    said.push(line);
    size += line.length;
    if (size > MOST_SAID) stop.abort();
  };
  let onStart = (): void => undefined;
  const isUp = new Promise<void>((resolve) => (onStart = resolve));
  const ended = run({
    ...start,
    stderr: 'lines',
    onStderrLine: (line) => {
      hear(line);
    },
    onStart,
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    signal: AbortSignal.any([signal, stop.signal]),
  });
  await Promise.race([isUp, ended]);
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  const take = (planned: ToolRun, own: OwnFiles): Promise<ToolResult> | undefined => {
    const { stdin, onStderrLine = () => undefined } = planned;
    const isIt = textOf(planned, own.file) === textOf(start, file);
    if (stop.signal.aborted || stdin !== undefined || !isIt) return undefined;
    planned.onStart?.();
    said.forEach(onStderrLine);
    hear = onStderrLine;
    const abort = (): void => {
      stop.abort();
    };
    if (planned.signal?.aborted === true) abort();
    planned.signal?.addEventListener('abort', abort);
    return ended.finally(() => planned.signal?.removeEventListener('abort', abort));
  };
  return { take, end };
}

function textOf({ command, args, env = {}, plugin, cwd }: Start, file: OwnFiles['file']): string {
  return JSON.stringify([command, args, Object.entries(env).sort(), plugin, cwd, file]);
}
