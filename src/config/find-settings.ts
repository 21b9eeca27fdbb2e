import { lstat, open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../model/errors.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Settings } from '../model/settings.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';
import { parseSettings, type ParseOptions } from './parse-settings.ts';
import type { ConfigProblem } from './problem.ts';

export const SETTINGS_FILE_NAMES = ['.scoville.yaml', '.scoville.yml'] as const;

const MOST_PARENTS = 64;
const LARGEST_FILE = 1024 * 1024;

/**
 * The settings file for a build: in the context's folder, else in the nearest of its parents up to the root of its git
 * repository. Outside a repository only the context's own folder is looked at, so that a stray file above it (in a home
 * or temporary folder, where others may write) decides nothing. Undefined where there is none.
 */
export async function findSettingsFile(startDir: string): Promise<string | undefined> {
  let directory = resolve(startDir);
  const candidates: string[] = [];
  for (let i = 0; i < MOST_PARENTS; i++) {
    for (const name of SETTINGS_FILE_NAMES) {
      const path = join(directory, name);
      if (await exists(path)) candidates.push(path);
    }
    const isRepositoryRoot = await exists(join(directory, '.git'));
    if (isRepositoryRoot) return candidates[0];
    const parent = dirname(directory);
    if (parent === directory) break;
    directory = parent;
  }
  const own = resolve(startDir);
  return candidates.find((path) => dirname(path) === own);
}

/**
 * The settings of a build: of `file` where the user named one, else of the one that is found from `startDir`, else the
 * defaults.
 */
export async function loadSettings(
  where: { readonly file: string | undefined; readonly startDir: string | undefined },
  options: Omit<ParseOptions, 'file'>,
): Promise<Result<Settings, readonly ConfigProblem[]>> {
  const { startDir } = where;
  const file =
    where.file ?? (startDir === undefined ? undefined : await findSettingsFile(startDir));
  if (file === undefined) return ok(DEFAULT_SETTINGS);
  const text = await readBounded(file);
  if (!text.ok) return err([{ file, line: 1, column: 1, message: text.error }]);
  return parseSettings(text.value, { ...options, file });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** A regular file's text; a pipe or device, which could hang or never end, is refused. */
async function readBounded(file: string): Promise<Result<string>> {
  try {
    const { size } = await stat(file).then((found) => {
      if (!found.isFile()) throw new Error('not a regular file');
      return found;
    });
    if (size > LARGEST_FILE) return err(`larger than ${LARGEST_FILE} bytes`);
    const handle = await open(file, 'r');
    try {
      const bytes = await handle.readFile();
      return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    return err(`cannot be read: ${messageOf(thrown)}`);
  }
}
