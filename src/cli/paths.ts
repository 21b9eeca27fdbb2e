import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../lib/errors.ts';
import type { Paths } from '../model/context.ts';
import { shellWord } from '../model/dockerfile.ts';

interface Outside {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly cwd: string;
}

/**
 * Folders by the XDG base directory specification; `SCOVILLE_HOME` replaces them all (tests, CI).
 * The layout is in the data directory, facts in the cache directory, keys in the configuration
 * directory. Throws UserError where a variable for settings is relative. In a clone it would name
 * the clone's own folder, with keys, registries, programs or a Docker engine of its author's
 * choice.
 */
export function pathsOf(io: Outside): Paths {
  const { env, homeDir } = io;
  const named = (name: string): string | undefined => {
    const value = env[name] ?? '';
    // Set to nothing is as good as not set.
    if (value === '') return undefined;
    if (isAbsolute(value)) return resolve(value);
    throw new UserError(`${name}=${value} is relative, so any project could be what it names`, {
      nextStep: `${name}=${shellWord(resolve(io.cwd, value))}, if you mean this folder`,
    });
  };
  named('BUILDX_CONFIG');
  const dockerConfig = named('DOCKER_CONFIG') ?? join(homeDir, '.docker');
  const home = named('SCOVILLE_HOME');
  const folder = (inHome: string, name: string, fallback: string, below = ''): string => {
    const value = env[name] ?? '';
    const base = value.startsWith('/') ? value : join(homeDir, fallback);
    return home === undefined ? join(base, 'scoville', below) : join(home, inHome);
  };
  return {
    store: folder('layout', 'XDG_DATA_HOME', '.local/share', 'layout'),
    cache: folder('cache', 'XDG_CACHE_HOME', '.cache'),
    config: folder('config', 'XDG_CONFIG_HOME', '.config'),
    dockerConfig,
  };
}
