import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../model/errors.ts';
import { shellWord } from '../model/shell-word.ts';
import type { Paths } from '../pipeline/context.ts';
import type { CommandIo } from './io.ts';

/**
 * Folders by the XDG base directory specification, `SCOVILLE_HOME` above all of them (tests, CI):
 * the layout in the data directory, facts in the cache directory, keys in the configuration
 * directory. Throws UserError where a variable for settings is relative: in a clone it would name
 * the clone's own folder, with keys, registries, programs or a Docker engine of its author's
 * choice.
 */
export function pathsOf(io: CommandIo): Paths {
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
  if (home !== undefined)
    return {
      store: join(home, 'layout'),
      cache: join(home, 'cache'),
      config: join(home, 'config'),
      dockerConfig,
    };
  const xdg = (name: string, fallback: string): string => {
    const value = env[name];
    return join(
      value !== undefined && value.startsWith('/') ? value : join(homeDir, fallback),
      'scoville',
    );
  };
  return {
    store: join(xdg('XDG_DATA_HOME', '.local/share'), 'layout'),
    cache: xdg('XDG_CACHE_HOME', '.cache'),
    config: xdg('XDG_CONFIG_HOME', '.config'),
    dockerConfig,
  };
}
