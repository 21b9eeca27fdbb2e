import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatProblem } from '../../config/document.ts';
import { findSettingsFile } from '../../config/find-settings.ts';
import { bytesText } from '../../model/quantity.ts';
import { shellWord } from '../../model/shell-word.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import { dockerCredentials } from '../../oci/registry/credentials.ts';
import { type Check, readSettings } from './doctor-check.ts';

/** Below this a build of a large image may fill the disk. */
const LOW_DISK = 5_000_000_000;
const MOST_PROBLEMS = 20;

export const STORE_CHECK: Check = {
  id: 'layout',
  title: 'image layout',
  required: true,
  look: async ({ paths: { store } }) => {
    const there = await nearestPath(store);
    if (!(await stat(there)).isDirectory())
      return {
        state: 'missing',
        detail: `${there} is not a folder`,
        fix: `mv ${shellWord(there)} ${shellWord(`${there}.old`)}`,
      };
    try {
      await access(there, constants.W_OK);
    } catch {
      return {
        state: 'missing',
        detail: `${there} is not writable for you`,
        fix: `sudo chown -R "$USER" ${shellWord(there)}`,
      };
    }
    const disk = await statfs(there);
    const free = disk.bavail * disk.bsize;
    const size = there === store ? bytesText(await folderBytes(store)) : 'not there yet';
    const detail = `${store}, ${size}, ${bytesText(free)} free`;
    if (free >= LOW_DISK) return { state: 'ok', detail };
    return {
      state: 'advice',
      detail: `${detail}, less than the ${bytesText(LOW_DISK)} that a large image takes`,
      fix: there === store ? 'scoville prune && docker builder prune' : 'docker builder prune',
    };
  },
};

export const SETTINGS_CHECK: Check = {
  id: 'settings',
  title: 'settings file',
  required: true,
  look: async (about) => {
    const file = await findSettingsFile(about.cwd);
    if (file === undefined) return { state: 'ok', detail: 'none (using defaults)' };
    const settings = await readSettings(about);
    if (settings.ok) return { state: 'ok', detail: file };
    const { error: problems } = settings;
    return {
      state: 'missing',
      detail: problems.slice(0, MOST_PROBLEMS).map(formatProblem).join('\n'),
      fix: `\${EDITOR:-vi} +${problems[0]?.line ?? 1} ${shellWord(file)}`,
    };
  },
};

/** Reads Docker's configuration as a push would; a credential helper that it names must exist. */
export const DOCKER_CONFIG_CHECK: Check = {
  id: 'docker-config',
  title: 'Docker credentials',
  required: true,
  look: async ({ paths: { dockerConfig }, run, env }) => {
    let helper: string | undefined;
    const credentials = dockerCredentials(dockerConfig, env, (name) => {
      helper = `docker-credential-${name}`;
      return Promise.resolve(undefined);
    });
    await credentials('docker.io');
    const detail = join(dockerConfig, 'config.json');
    if (helper === undefined)
      return (await isThere(detail))
        ? { state: 'ok', detail }
        : { state: 'optional', detail: 'none (docker login HOST saves them)' };
    const answer = await run({ command: helper, args: ['version'], timeoutMs: 10_000 });
    if (answer.ended !== 'not-found') return { state: 'ok', detail: `${detail}, ${helper}` };
    return {
      state: 'advice',
      detail: `${detail} names ${helper}, which is not on PATH`,
      fix: 'docker login',
    };
  },
  fix: ({ paths: { dockerConfig } }) =>
    `\${EDITOR:-vi} ${shellWord(join(dockerConfig, 'config.json'))}`,
};

/** The path itself, or the nearest above it that is there. */
async function nearestPath(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await isThere(path)) ? path : nearestPath(parent);
}

/** Bytes of the blobs; what is removed while it counts counts nothing. */
async function folderBytes(store: string): Promise<number> {
  const folder = join(store, 'blobs', 'sha256');
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => []))
    bytes += await stat(join(folder, name)).then(
      (found) => found.size,
      () => 0,
    );
  return bytes;
}
