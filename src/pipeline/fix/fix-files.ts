import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { realPlace } from '../../config/inside.ts';
import { UserError } from '../../model/errors.ts';
import type { FixFile } from '../../model/planned-edit.ts';
import { shellWord } from '../../model/shell-word.ts';
import type { PipelineContext } from '../context.ts';
import { findDockerfiles } from '../lint/find-dockerfiles.ts';
import { fileToWrite } from '../place-to-write.ts';
import { readText } from '../read-text.ts';
import { writeFileBeside } from '../write-file-beside.ts';
import type { FixFiles } from './compose-fixes.ts';
import { FIX_TEXT, type FixedFile, keepUndo, restore } from './undo-fix.ts';

/** The files of a fix and where they lie. */
export interface OpenedFiles {
  readonly files: FixFiles;
  /** Absolute, links followed. */
  readonly paths: Readonly<Record<FixFile, string>>;
  /** Absolute, as they are named: only what is no link is written. */
  readonly named: Readonly<Record<FixFile, string>>;
  /** As a person reads them, from the folder they stand in, with slashes. */
  readonly names: Readonly<Record<FixFile, string>>;
  /** The build context's folder, absolute. */
  readonly contextFolder: string;
}

/**
 * Opens the Dockerfile that a path stands for, itself or the one of a folder, and the ignore file
 * that BuildKit reads with it. Throws UserError where there is none or several, where it cannot be
 * read, or where it is no UTF-8.
 */
export async function openFixFiles(
  cwd: string,
  path: string,
  contextFolder: string | undefined,
): Promise<OpenedFiles> {
  const chosen = await chosenDockerfile(cwd, path);
  const folder = resolve(cwd, contextFolder ?? dirname(chosen));
  const dockerfile = await readText(resolve(cwd, chosen), FIX_TEXT);
  if (dockerfile === undefined) throw new UserError(`${chosen}: no such file`);
  // BuildKit prefers NAME.dockerignore beside the Dockerfile.
  const own = `${resolve(cwd, chosen)}.dockerignore`;
  const shared = join(folder, '.dockerignore');
  const ownText = await readText(own, FIX_TEXT);
  const ignoreFile = ownText ?? (await readText(shared, FIX_TEXT));
  const named = {
    Dockerfile: resolve(cwd, chosen),
    '.dockerignore': ownText === undefined ? shared : own,
  };
  const paths = {
    Dockerfile: await realpath(named.Dockerfile),
    '.dockerignore': await realPlace(named['.dockerignore']),
  };
  return {
    files: { dockerfile, ignoreFile },
    paths,
    named,
    names: {
      Dockerfile: shown(cwd, named.Dockerfile),
      '.dockerignore': shown(cwd, named['.dockerignore']),
    },
    contextFolder: folder,
  };
}

function shown(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return (name.startsWith('..') ? path.replace(/^\/+/, '') : name).split(sep).join('/');
}

/** The file itself; of a folder its `Dockerfile`, or the only one in it and below. */
export async function chosenDockerfile(cwd: string, path: string): Promise<string> {
  const found = await stat(resolve(cwd, path)).catch(() => undefined);
  if (found?.isDirectory() !== true) return path;
  const usual = join(path, 'Dockerfile');
  const own = await stat(resolve(cwd, usual)).catch(() => undefined);
  if (own?.isFile() === true) return usual;
  const [only, ...others] = await findDockerfiles(cwd, path);
  if (only === undefined) throw new UserError(`no Dockerfile in ${path}`);
  if (others.length > 0)
    throw new UserError(`${path} contains ${others.length + 1} Dockerfiles; name one`, {
      nextStep: `scoville fix ${only}`,
    });
  return only;
}

/**
 * Writes the files that changed, each beside and renamed, mode kept: all, or none. What
 * `scoville fix --undo` needs is kept first. Throws UserError where a file was changed by somebody
 * else in the meantime, or cannot be written.
 */
export async function writeFixFiles(
  context: Pick<PipelineContext, 'paths'>,
  opened: OpenedFiles,
  after: FixFiles,
): Promise<readonly FixedFile[]> {
  const pairs = [
    ['Dockerfile', opened.files.dockerfile, after.dockerfile],
    ['.dockerignore', opened.files.ignoreFile, after.ignoreFile],
  ] as const;
  const wanted = pairs.flatMap(([file, before, text]): FixedFile[] =>
    text === undefined || text === before
      ? []
      : [
          {
            name: opened.names[file],
            path: opened.named[file],
            before: before ?? null,
            after: text,
          },
        ],
  );
  const changed: FixedFile[] = [];
  for (const one of wanted)
    changed.push({ ...one, path: await fileToWrite(one.path, opened.contextFolder) });
  for (const { name, path, before } of changed)
    if (((await readText(path, FIX_TEXT)) ?? null) !== before)
      throw new UserError(`${name} was changed meanwhile; nothing is written`, {
        nextStep: 'run scoville fix again',
      });
  for (const { name, path } of changed) await refuseReadOnly(name, path);
  if (changed.length === 0) return [];
  const forget = await keepUndo(context, opened.paths.Dockerfile, changed);
  const written: FixedFile[] = [];
  try {
    for (const file of changed) {
      // The mode of a new file is that of a clone, so that the image stays the same.
      await writeFileBeside(file.path, file.after, 0o644);
      written.unshift(file);
    }
  } catch (error) {
    await restore(written);
    await forget();
    throw error;
  }
  return changed;
}

/** A rename would replace what nobody may write to, for it asks the folder. */
async function refuseReadOnly(name: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  const isWritable =
    found === undefined ||
    ((found.mode & 0o222) !== 0 &&
      (await access(path, constants.W_OK).then(
        () => true,
        () => false,
      )));
  if (!isWritable)
    throw new UserError(`${name} is read-only; nothing is written`, {
      nextStep: `chmod u+w ${shellWord(name)}, or scoville fix --dry-run for a patch`,
    });
}
