import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, posix, resolve, sep } from 'node:path';
import { readText } from '../config/read-files.ts';
import { wholeStream } from '../lib/bytes.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { BuildContext } from '../model/dockerfile.ts';
import { isAddress } from './shown-command.ts';

const MAX_DOCKERFILE = 1024 * 1024;

export interface ContextSource {
  readonly kind: 'directory' | 'remote' | 'stdin-dockerfile' | 'stdin-archive';
  readonly directory: string | undefined;
  readonly contextName: string | undefined;
  readonly dockerfileText: string | undefined;
  readonly dockerfilePath?: string;
  /** What buildx gets on stdin; undefined where stdin is not read. */
  readonly stdin: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/**
 * Reads a build's `PATH | URL | -` and `--file`. A missing or unreadable Dockerfile is not an error
 * here: buildx says so in its own words. stdin is read only where the command line asks for it:
 * whole for a Dockerfile (at most 1 MiB), passed on for an archive.
 */
export async function contextSource(options: {
  readonly context: string;
  readonly file: string | undefined;
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array>;
}): Promise<ContextSource> {
  const { context, file, cwd, stdin } = options;
  if (context === '-') return fromStdin(stdin);
  const directory = isAddress(context) ? undefined : resolve(cwd, context);
  const known = {
    kind: directory === undefined ? ('remote' as const) : ('directory' as const),
    directory,
    contextName: directory === undefined ? undefined : basename(directory),
  };
  if (file === '-') {
    const bytes = await readAll(stdin);
    return { ...known, dockerfileText: bytes.toString('utf8'), stdin: bytes };
  }
  if (directory === undefined) return { ...known, dockerfileText: undefined, stdin: undefined };
  const path = dockerfilePath(directory, file, cwd);
  return {
    ...known,
    // BuildKit says what is wrong with one that cannot be read.
    dockerfileText: await readText(path, { largest: MAX_DOCKERFILE }).catch(() => undefined),
    dockerfilePath: path,
    stdin: undefined,
  };
}

/** As buildx: relative to where the command runs, else to the context. */
function dockerfilePath(directory: string, file: string | undefined, cwd: string): string {
  if (file === undefined || file === '') return join(directory, 'Dockerfile');
  if (isAbsolute(file)) return file;
  const here = resolve(cwd, file);
  return orNothing(() => statSync(here).isFile()) === true ? here : join(directory, file);
}

async function fromStdin(from: AsyncIterable<Uint8Array>): Promise<ContextSource> {
  const known = { directory: undefined, contextName: undefined };
  const iterator = from[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done === true ? new Uint8Array() : first.value;
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
  const whole = joined(head, rest);
  if (isArchive(head))
    return { ...known, kind: 'stdin-archive', dockerfileText: undefined, stdin: whole };
  const stdin = await readAll(whole);
  return { ...known, kind: 'stdin-dockerfile', dockerfileText: stdin.toString('utf8'), stdin };
}

/** The magic numbers of tar, gzip, bzip2, xz and zstd, as in moby's archive package. */
function isArchive(head: Uint8Array): boolean {
  const bytes = Buffer.from(head);
  const starts = ['1f8b', '425a68', 'fd377a585a00', '28b52ffd'];
  return (
    starts.some((magic) => bytes.subarray(0, magic.length / 2).toString('hex') === magic) ||
    bytes.subarray(257, 262).toString('latin1') === 'ustar'
  );
}

async function* joined(
  head: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  yield head;
  yield* rest;
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const bytes = await wholeStream(stream, MAX_DOCKERFILE).catch((cause: unknown) => {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`stdin could not be read: ${messageOf(cause)}`, { cause });
  });
  if (bytes === undefined) throw new UserError('the Dockerfile on stdin is larger than 1 MiB');
  return bytes;
}

export async function* noStdin(): AsyncGenerator<Uint8Array> {
  // Ends at once.
}

/** Ignore files for a context: the Dockerfile's own, which BuildKit prefers, and the context's. */
export function ignoreFiles(directory: string, dockerfile: string | undefined): readonly string[] {
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  return [...own, join(directory, '.dockerignore')];
}

/** A line of an ignore file; `keeps` where it begins with `!`. */
interface IgnorePattern {
  readonly keeps: boolean;
  readonly matches: (path: string) => boolean;
}

/** White space as Go trims it: other than JavaScript's. */
const ENDS =
  /^[\t-\r \u0085\p{Zs}\u2028\u2029]+|(?<![\t-\r \u0085\p{Zs}\u2028\u2029])[\t-\r \u0085\p{Zs}\u2028\u2029]+$/gu;
/** A set of letters. Go's pattern readers differ about what else it may contain. */
const SET = /^\[\^?(?:[\w.!](?:-[\w.])?)+\]/;
const UNSURE = /[\\|^\]]/;
const MOST_PATTERNS = 1000;
/** An expression tries stars all in each other: so many of names, or more, are not sure either. */
const MOST_STARS = 3;

/** A pattern as moby/patternmatcher makes it an expression; undefined where that is not sure. */
function matcher(glob: string): IgnorePattern['matches'] | undefined {
  let text = '';
  let hasOnlyStars = true;
  const stars: string[] = [];
  for (let at = 0; at < glob.length;) {
    const rest = glob.slice(at);
    const [token = ''] = SET.exec(rest) ?? /^(?:\*\*\/?|[^])/u.exec(rest) ?? [];
    at += token.length;
    hasOnlyStars &&= token.startsWith('**') ? at === token.length : !/^[*?[]/.test(token);
    if (token.startsWith('*')) stars.push(token);
    if (token.startsWith('**')) text += at === glob.length ? '[^\\n]*' : '(?:[^\\n]*/)?';
    else if (token === '*') text += '[^/]*';
    else if (token === '?') text += '[^/]';
    else if (SET.test(token)) text += token;
    else if (token === '[' || UNSURE.test(token)) return undefined;
    else text += token.replace(/[.+${}()/]/g, '\\$&');
  }
  const suffix = glob.slice(2);
  // With stars in front alone any ending will do: `**a` is the end of `ba`.
  if (hasOnlyStars && glob.startsWith('**'))
    return (path) => path.endsWith(suffix) || path === suffix.slice(1);
  if (
    stars.length > MOST_STARS ||
    (stars.every((one) => one === '*') && stars.length === MOST_STARS)
  )
    return undefined;
  try {
    const pattern = new RegExp(`^${text}$`, 'u');
    return (path) => pattern.test(path);
  } catch {
    // A set from z to a.
    return undefined;
  }
}

/** As Go's path.Clean. */
function cleaned(path: string): string {
  return posix.normalize(path).replace(/(?<=[^])\/$/, '');
}

/** A line's pattern; undefined where none, `unsure` where it is not certain what it excludes. */
function patternOf(line: string): IgnorePattern | 'unsure' | undefined {
  const bare = line.startsWith('#') ? '' : line.replace(ENDS, '');
  const mark = bare.startsWith('!') ? '!' : '';
  const given = bare.slice(mark.length).replace(ENDS, '');
  if (bare === '') return undefined;
  // The file is read first, and then the pattern: `/!a` begins with `!` by then.
  const read = mark + (given === '' ? '' : cleaned(given).replace(/^\/(?=[^])/, ''));
  const pattern = cleaned(read.replace(ENDS, ''));
  const keeps = pattern.startsWith('!');
  const matches = matcher(keeps ? pattern.slice(1) : pattern);
  return matches === undefined || pattern === '!' ? 'unsure' : { keeps, matches };
}

/** Which paths an ignore file leaves out; undefined if not sure. The last match counts. */
export function contextIgnore(text: string): ((path: string) => boolean) | undefined {
  const lines = text.replace(/^\uFEFF/, '').split('\n', MOST_PATTERNS + 1);
  const patterns: IgnorePattern[] = [];
  for (const pattern of lines.map(patternOf)) {
    if (pattern === 'unsure' || lines.length > MOST_PATTERNS) return undefined;
    if (pattern !== undefined) patterns.push(pattern);
  }
  return (path) => {
    const parts = path.split('/');
    let isLeftOut = false;
    let above: readonly boolean[] = [];
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const one = parts.slice(0, depth).join('/');
      isLeftOut = false;
      const held: boolean[] = [];
      for (const [i, { keeps, matches }] of patterns.entries()) {
        // A pattern that would change nothing is not tried, and does not count for what is below.
        const isHeld = above[i] === true || (keeps === isLeftOut && matches(one));
        held.push(isHeld);
        if (isHeld) isLeftOut = !keeps;
      }
      above = held;
    }
    return isLeftOut;
  };
}

const LARGEST = 1024 * 1024;
const MOST_NAMES = 4000;

/** The real path in the directory, links followed; undefined where it leads out of it. */
function inside(directory: string, path: string): string | undefined {
  return orNothing(() => {
    const root = realpathSync(directory);
    const real = realpathSync(join(root, path));
    return real === root || real.startsWith(root + sep) ? real : undefined;
  });
}

/** A file of a folder, of at most 1 MiB; nothing outside of it, links followed. */
export function contextFile(directory: string | undefined, path: string): string | undefined {
  const real = directory === undefined ? undefined : inside(directory, path);
  if (real === undefined) return undefined;
  return orNothing(() => {
    const found = statSync(real);
    return found.isFile() && found.size <= LARGEST ? readFileSync(real, 'utf8') : undefined;
  });
}

/** A folder as BuildKit gets it, without what is ignored. Files are read when asked for. */
export function buildContext(
  directory: string | undefined,
  dockerfile?: string,
): BuildContext | undefined {
  if (directory === undefined) return undefined;
  const ownIgnore = (): string | undefined =>
    dockerfile === undefined
      ? undefined
      : orNothing(() => readFileSync(`${dockerfile}.dockerignore`, 'utf8'));
  let isIgnored: ((path: string) => boolean) | undefined;
  const isSent = (path: string): boolean => {
    // Where a pattern is not sure, no path is known to be there.
    isIgnored ??=
      contextIgnore(ownIgnore() ?? contextFile(directory, '.dockerignore') ?? '') ?? (() => true);
    return !isIgnored(path);
  };
  return {
    text: (path) => (isSent(path) ? contextFile(directory, path) : undefined),
    kind: (path) => {
      const real = isSent(path) ? inside(directory, path) : undefined;
      const found = real === undefined ? undefined : statSync(real, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) return 'folder';
      return found?.isFile() === true ? 'file' : undefined;
    },
    names: (path) => {
      const folder = inside(directory, path);
      const names = folder === undefined ? undefined : orNothing(() => readdirSync(folder));
      if (names === undefined || names.length > MOST_NAMES) return undefined;
      return names.filter((name) => isSent(path === '' ? name : `${path}/${name}`));
    },
  };
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
