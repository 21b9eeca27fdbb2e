import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { BuildContext } from '../../model/build-context.ts';
import { contextIgnore } from './context-ignore.ts';

const LARGEST = 1024 * 1024;
/** Of names in one folder. */
const MOST_NAMES = 4000;

/** The real path in the directory, links followed; undefined where it leads out of it. */
function inside(directory: string, path: string): string | undefined {
  try {
    const root = realpathSync(directory);
    const real = realpathSync(join(root, path));
    return real === root || real.startsWith(root + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}

/** A file of a folder, of at most 1 MiB; nothing outside of it, links followed. */
export function contextFile(directory: string | undefined, path: string): string | undefined {
  const real = directory === undefined ? undefined : inside(directory, path);
  if (real === undefined) return undefined;
  try {
    const found = statSync(real);
    return found.isFile() && found.size <= LARGEST ? readFileSync(real, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder of a build as BuildKit gets it, without what the ignore file leaves out:
 * `DOCKERFILE.dockerignore` beside the Dockerfile, else `.dockerignore`. Undefined where the
 * context is no folder of this machine. Files are read when they are asked for.
 */
export function buildContext(
  directory: string | undefined,
  dockerfile?: string,
): BuildContext | undefined {
  if (directory === undefined) return undefined;
  let isIgnored: ((path: string) => boolean) | undefined;
  const isSent = (path: string): boolean => {
    isIgnored ??= contextIgnore(
      ownIgnore(dockerfile) ?? contextFile(directory, '.dockerignore') ?? '',
    );
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
      const names = namesIn(inside(directory, path));
      return names?.filter((name) => isSent(path === '' ? name : `${path}/${name}`));
    },
  };
}

function namesIn(folder: string | undefined): readonly string[] | undefined {
  try {
    const names = folder === undefined ? undefined : readdirSync(folder);
    return names !== undefined && names.length <= MOST_NAMES ? names : undefined;
  } catch {
    return undefined;
  }
}

function ownIgnore(dockerfile: string | undefined): string | undefined {
  if (dockerfile === undefined) return undefined;
  try {
    return readFileSync(`${dockerfile}.dockerignore`, 'utf8');
  } catch {
    return undefined;
  }
}
