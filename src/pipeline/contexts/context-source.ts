import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import { wholeStream } from '../../model/whole-stream.ts';
import { isAddress } from '../../plans/source-url.ts';
import { readText } from '../read-text.ts';

const MAX_DOCKERFILE = 1024 * 1024;

/** Source of a build's Dockerfile and context, and its Dockerfile's text if known before. */
export interface ContextSource {
  readonly kind: 'directory' | 'remote' | 'stdin-dockerfile' | 'stdin-archive';
  /** Absolute path of a context directory. */
  readonly directory: string | undefined;
  readonly contextName: string | undefined;
  readonly dockerfileText: string | undefined;
  /** Absolute path of the Dockerfile, where it is a file. */
  readonly dockerfilePath?: string;
  /** What buildx gets on stdin; undefined where stdin is not read. */
  readonly stdin: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/**
 * Looks at a build's `PATH | URL | -` and `--file`. A missing or unreadable Dockerfile is no error
 * here: buildx says so in its own words. stdin is read only where the command line asks for it:
 * whole where it is a Dockerfile (at most 1 MiB), passed on where it is an archive.
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
  const path = await dockerfilePath(directory, file, cwd);
  return {
    ...known,
    // BuildKit says what is wrong with one that cannot be read.
    dockerfileText: await readText(path, { largest: MAX_DOCKERFILE }).catch(() => undefined),
    dockerfilePath: path,
    stdin: undefined,
  };
}

/** As buildx: relative to where the command runs, else to the context. */
async function dockerfilePath(
  directory: string,
  file: string | undefined,
  cwd: string,
): Promise<string> {
  if (file === undefined || file === '') return join(directory, 'Dockerfile');
  if (isAbsolute(file)) return file;
  const here = resolve(cwd, file);
  return (await isFile(here)) ? here : join(directory, file);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
async function fromStdin(stdin: AsyncIterable<Uint8Array>): Promise<ContextSource> {
  const known = { directory: undefined, contextName: undefined };
  const iterator = stdin[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done === true ? new Uint8Array() : first.value;
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
  if (isArchive(head))
    return {
      ...known,
      kind: 'stdin-archive',
      dockerfileText: undefined,
      stdin: joined(head, rest),
    };
  const bytes = await readAll(joined(head, rest));
  return {
    ...known,
    kind: 'stdin-dockerfile',
    dockerfileText: bytes.toString('utf8'),
    stdin: bytes,
  };
}

/** The magic of tar, gzip, bzip2, xz and zstd, as moby's archive package tells them. */
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

/** The stdin of a build that is given none. */
export async function* noStdin(): AsyncGenerator<Uint8Array> {
  // Ends at once.
}
