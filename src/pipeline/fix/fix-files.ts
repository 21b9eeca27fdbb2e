import { createHash } from 'node:crypto';
import { mkdir, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import type { FixFile } from '../../model/planned-edit.ts';
import type { PipelineContext } from '../context.ts';
import { findDockerfiles } from '../lint/find-dockerfiles.ts';
import { readText } from '../read-text.ts';
import { writeFileBeside } from '../write-file-beside.ts';
import type { FixFiles } from './compose-fixes.ts';

const TEXT = { largest: 2 ** 20, utf8: 'required' } as const;
/** Old texts of one file that are kept. */
const KEPT = 20;

/** The files of a fix and where they lie. */
export interface OpenedFiles {
  readonly files: FixFiles;
  /** Absolute, links followed. */
  readonly paths: Readonly<Record<FixFile, string>>;
  /** As a person reads them, from the folder they stand in, with slashes. */
  readonly names: Readonly<Record<FixFile, string>>;
  /** The build context's folder, absolute. */
  readonly contextFolder: string;
}

/**
 * Opens the Dockerfile that a path stands for, itself or the one of a folder, and the ignore file that BuildKit reads with
 * it. Throws UserError where there is none or several, where it cannot be read, or where it is no UTF-8.
 */
export async function openFixFiles(
  cwd: string,
  path: string,
  contextFolder: string | undefined,
): Promise<OpenedFiles> {
  const chosen = await chosenDockerfile(cwd, path);
  const folder = resolve(cwd, contextFolder ?? dirname(chosen));
  const dockerfile = await readText(resolve(cwd, chosen), TEXT);
  if (dockerfile === undefined)
    throw new UserError(`the Dockerfile ${chosen} cannot be read: it is not there`);
  // BuildKit prefers NAME.dockerignore beside the Dockerfile.
  const own = `${resolve(cwd, chosen)}.dockerignore`;
  const shared = join(folder, '.dockerignore');
  const ownText = await readText(own, TEXT);
  const ignoreFile = ownText ?? (await readText(shared, TEXT));
  const paths = {
    Dockerfile: await realpath(resolve(cwd, chosen)),
    '.dockerignore': await realpath(ownText === undefined ? shared : own).catch(() => shared),
  };
  return {
    files: { dockerfile, ignoreFile },
    paths,
    names: {
      Dockerfile: shown(cwd, resolve(cwd, chosen)),
      '.dockerignore': shown(cwd, ownText === undefined ? shared : own),
    },
    contextFolder: folder,
  };
}

function shown(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return (name.startsWith('..') ? path.replace(/^\/+/, '') : name).split(sep).join('/');
}

/** The file itself; of a folder its `Dockerfile`, or the only one in it and below. */
async function chosenDockerfile(cwd: string, path: string): Promise<string> {
  const found = await stat(resolve(cwd, path)).catch(() => undefined);
  if (found?.isDirectory() !== true) return path;
  const usual = join(path, 'Dockerfile');
  const own = await stat(resolve(cwd, usual)).catch(() => undefined);
  if (own?.isFile() === true) return usual;
  const [only, ...others] = await findDockerfiles(cwd, path);
  if (only === undefined) throw new UserError(`there is no Dockerfile in ${path}`);
  if (others.length > 0)
    throw new UserError(`${path} holds ${others.length + 1} Dockerfiles; name one`, {
      nextStep: `scoville fix ${only}`,
    });
  return only;
}

/** A file that was written, and where its old text is kept; undefined where it is new. */
interface WrittenFile {
  readonly name: string;
  readonly keptAt: string | undefined;
}

/**
 * Writes the files that changed, each beside and renamed, mode and links kept, the old text in the cache first: all, or none. Throws
 * UserError where a file was changed by somebody else in the meantime, or cannot be written.
 */
export async function writeFixFiles(
  { paths, now }: Pick<PipelineContext, 'paths' | 'now'>,
  opened: OpenedFiles,
  after: FixFiles,
): Promise<readonly WrittenFile[]> {
  const pairs = [
    ['Dockerfile', opened.files.dockerfile, after.dockerfile],
    ['.dockerignore', opened.files.ignoreFile, after.ignoreFile],
  ] as const;
  const changed = pairs.flatMap(([file, before, text]) =>
    text === undefined || text === before
      ? []
      : [{ name: opened.names[file], path: opened.paths[file], before, text }],
  );
  for (const { name, path, before } of changed)
    if ((await readText(path, TEXT)) !== before)
      throw new UserError(`${name} was changed while it was looked at; nothing is written`, {
        nextStep: 'run scoville fix again',
      });
  const written: WrittenFile[] = [];
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { name, path, before, text } of changed) {
      const keptAt =
        before === undefined ? undefined : await keep(paths.cache, path, before, now());
      await writeFileBeside(path, text);
      written.push({ name, keptAt });
      undo.unshift(() =>
        before === undefined ? rm(path, { force: true }) : writeFileBeside(path, before),
      );
    }
  } catch (error) {
    for (const takeBack of undo) await takeBack();
    throw error;
  }
  return written;
}

/** Puts the old text aside, and forgets the oldest of the same file. */
async function keep(cache: string, path: string, text: string, now: number): Promise<string> {
  const id = createHash('sha256').update(path).digest('hex').slice(0, 16);
  const folder = join(cache, 'fix', id);
  const time = new Date(now).toISOString().replace(/[:.]/g, '');
  const keptAt = join(folder, `${time}-${basename(path)}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(keptAt, text, { mode: 0o600 });
    const old = (await readdir(folder)).sort().slice(0, -KEPT);
    for (const name of old) await rm(join(folder, name), { force: true });
  } catch (cause) {
    throw new UserError(`the old text could not be kept in ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
  return keptAt;
}
