import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';

/** `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, and the same of `Containerfile`. */
const NAMED =
  /^(?:[Dd]ockerfile|[Cc]ontainerfile|(?:Docker|Container)file\.[\w.-]+|[\w.-]+\.(?:[Dd]ocker|[Cc]ontainer)file)$/;
/** Named like a Dockerfile but not one: ignore files, texts, and templates that generate one. */
const NO_DOCKERFILE =
  /\.(?:dockerignore|containerignore|md|txt|bak|orig|swp|json|ya?ml|sh|template|tmpl|tpl|j2|jinja2?|erb|in|mustache|hbs|gotmpl|m4)$/i;
const NOT_OURS = new Set(['node_modules', 'vendor']);
const DEEPEST = 16;
const MOST_ENTRIES = 100_000;

/** True where a file of this name in a folder is taken for a Dockerfile. */
export function isDockerfileName(name: string): boolean {
  return NAMED.test(name) && !NO_DOCKERFILE.test(name);
}

/**
 * The Dockerfiles that a path of the user's stands for: itself, or those in a folder, sorted.
 * Links, hidden folders and dependencies are not followed. Throws UserError where the path cannot
 * be read, or the folder is too large to search.
 */
export async function findDockerfiles(cwd: string, path: string): Promise<readonly string[]> {
  const found: string[] = [];
  let left = MOST_ENTRIES;
  const search = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(resolve(cwd, folder), { withFileTypes: true });
    left -= entries.length;
    if (left < 0) throw new Error(`more than ${MOST_ENTRIES} entries; name the Dockerfiles`);
    for (const entry of entries) {
      const at = folder === '.' ? entry.name : join(folder, entry.name);
      if (entry.isFile() && isDockerfileName(entry.name)) found.push(at);
      const own = !entry.name.startsWith('.') && !NOT_OURS.has(entry.name);
      if (entry.isDirectory() && own && depth < DEEPEST) await search(at, depth + 1);
    }
  };
  try {
    if (!(await stat(resolve(cwd, path))).isDirectory()) return [path];
    await search(path, 0);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isMissing ? 'no such file' : messageOf(cause);
    throw new UserError(`${path} cannot be read: ${why}`, { cause });
  }
  return found.sort();
}
