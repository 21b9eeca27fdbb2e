import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CacheHome, openCache } from '../image/caches.ts';
import { field, isObject } from '../lib/json.ts';
import { type CommandSearch, findCommand } from '../lib/run-tool.ts';
import { DAY_MS } from '../lib/time.ts';
import type { DockerClient, KeptClient } from './docker.ts';

interface Installed {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly search: CommandSearch;
  readonly paths: CacheHome['paths'] & { readonly dockerConfig: string };
  readonly now: () => number;
}

/** Searched for plugins after `cli-plugins` of docker's folder (docker/cli, manager_unix.go). */
const PLUGIN_FOLDERS = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(
  (folder) => `${folder}/docker/cli-plugins`,
);

/**
 * Keeps docker's part of `docker info` for a day, while it, its settings and every file that could
 * be one of its plugins are the same.
 */
export function keptClient({ env, search, paths, now }: Installed): KeptClient {
  const cache = openCache({ paths }, 'docker', 1);
  const places = [join(paths.dockerConfig, 'cli-plugins'), ...PLUGIN_FOLDERS].flatMap((folder) =>
    ['buildx', 'scoville'].map((name) => join(folder, `docker-${name}`)),
  );
  const key = async (): Promise<string> => {
    const docker = findCommand('docker', search) ?? '';
    const files = [docker, join(paths.dockerConfig, 'config.json'), ...places];
    const marks = await Promise.all(files.map(async (file) => `${file} ${await markOf(file)}`));
    return JSON.stringify([env['DOCKER_HOST'], env['DOCKER_CONTEXT'], marks]);
  };
  /** A plugin is started by its path, and an entry could be anybody's: of no other place. */
  const isKnown = (client: object): client is DockerClient =>
    ['buildx', 'scoville'].every((name) => {
      const path = field(field(client, name), 'path');
      return path === undefined || places.some((place) => place === path);
    });
  return {
    get: async () => {
      const entry = await cache.get(await key());
      const [at, client] = [field(entry, 'at'), field(entry, 'client')];
      const age = typeof at === 'number' ? now() - at : Infinity;
      return age >= 0 && age < DAY_MS && isObject(client) && isKnown(client) ? client : undefined;
    },
    set: async (client) => {
      if (isKnown(client)) await cache.set(await key(), { at: now(), client });
    },
  };
}

/** Changes with the file, and where a link leads elsewhere; empty where there is none. */
export async function markOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return '';
  // ctime: anybody can set the other one back.
  return `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}
