import { chmod, lstat, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../model/errors.ts';
import {
  readBuilderAlias,
  withBuilderAlias,
  withoutBuilderAlias,
} from '../plans/plugin/builder-alias.ts';
import {
  type PluginName,
  pluginFile,
  PLUGINS,
  readUndo,
  type Undo,
} from '../plans/plugin/plugin-file.ts';
import { writeFileBeside, makeFolder } from './write-file-beside.ts';

/** What starts this program, absolute, and its version. */
interface PluginStart {
  readonly start: readonly string[];
  readonly version: string;
}

/** What was changed, a line each, for people. */
type Changes = readonly string[];

/**
 * Puts our plugin into Docker's folder (`dockerConfig`: DOCKER_CONFIG, or ~/.docker), and with
 * `replaceBuild` the builder's too, and names that one in config.json. What was there is kept in
 * the plugins' files. Throws UserError, having changed nothing, where config.json cannot be read as
 * JSON or a file of another program stands in the way.
 */
export async function installPlugins(
  dockerConfig: string,
  about: PluginStart,
  replaceBuild: boolean,
): Promise<Changes> {
  const config = replaceBuild ? await readConfig(dockerConfig) : undefined;
  const command = await undoOf(dockerConfig, PLUGINS.command);
  const builder = await undoOf(dockerConfig, PLUGINS.builder);
  const folder = join(dockerConfig, 'cli-plugins');
  const folders = await missingFolders([folder, dockerConfig]);
  await makeFolder(folder, 0o700);
  const write = async (name: PluginName, undo: Undo): Promise<string> => {
    const path = pathOf(dockerConfig, name);
    await writeFileBeside(path, pluginFile(name, { ...about, undo }), 0o755);
    await chmod(path, 0o755);
    return `${path}: written`;
  };
  const changes = [
    await write(PLUGINS.command, command ?? (folders.length > 0 ? { folders } : {})),
  ];
  if (config === undefined) return changes;
  const isOurs = config.alias.builder === JSON.stringify(PLUGINS.builder);
  const { text, path, alias } = config;
  const before = {
    file: text !== undefined,
    ...(text !== undefined && isBlank(text) ? { blank: text } : {}),
    aliases: alias.aliases,
    ...(alias.builder === undefined ? {} : { builder: alias.builder }),
  };
  changes.push(await write(PLUGINS.builder, isOurs && builder ? builder : { config: before }));
  if (isOurs) return changes;
  const edited = withBuilderAlias(jsonOf(text), PLUGINS.builder);
  if (!edited.ok) throw new UserError(`${path}: ${edited.error}`);
  await writeFileBeside(path, edited.value, 0o600);
  const was = alias.builder === undefined ? '' : `, instead of ${alias.builder}`;
  return [...changes, `${path}: aliases.builder is "${PLUGINS.builder}"${was}`];
}

/**
 * Takes away what installPlugins put there, and puts back what it had kept; what others have
 * changed since stays. Throws UserError where config.json cannot be read or written.
 */
export async function uninstallPlugins(dockerConfig: string): Promise<Changes> {
  const changes: string[] = [];
  const kept = (name: PluginName): Promise<Undo | undefined> =>
    undoOf(dockerConfig, name).catch(() => undefined);
  const [command, builder] = [await kept(PLUGINS.command), await kept(PLUGINS.builder)];
  changes.push(...(await restoreAlias(dockerConfig, builder)));
  for (const [name, undo] of [
    [PLUGINS.builder, builder],
    [PLUGINS.command, command],
  ] as const) {
    if (undo === undefined) continue;
    await rm(pathOf(dockerConfig, name), { force: true });
    changes.push(`${pathOf(dockerConfig, name)}: removed`);
  }
  for (const folder of command?.folders ?? [])
    // Never another than these two, whatever the file says; and one that others use by now stays.
    if ([dockerConfig, join(dockerConfig, 'cli-plugins')].includes(folder))
      await rmdir(folder).catch(() => undefined);
  return changes;
}

async function restoreAlias(dockerConfig: string, undo: Undo | undefined): Promise<Changes> {
  const { path, text, alias } = await readConfig(dockerConfig);
  if (text === undefined || alias.builder !== JSON.stringify(PLUGINS.builder)) return [];
  const before = undo?.config ?? { file: true, aliases: false };
  const edited = withoutBuilderAlias(text, {
    aliases: before.aliases,
    builder: before.builder,
  });
  if (!edited.ok) throw new UserError(`${path}: ${edited.error}`);
  if (!before.file && edited.value.trim() === '{}') {
    await rm(path, { force: true });
    return [`${path}: removed; it did not exist before`];
  }
  // Nobody has put anything else into it since.
  const isEmpty = before.blank !== undefined && edited.value.trim() === '{}';
  await writeFileBeside(path, isEmpty ? (before.blank ?? '') : edited.value, 0o600);
  const now = before.builder === undefined ? 'is gone' : `is ${before.builder} again`;
  return [`${path}: aliases.builder ${now}`];
}

/** How things stand, for `scoville doctor`. Throws UserError where config.json cannot be read. */
export async function installedPlugins(dockerConfig: string): Promise<{
  readonly command: boolean;
  /** The builder's plugin is there, and whether config.json still names it. */
  readonly builder: 'named' | 'not-named' | 'absent';
}> {
  const isThere = async (name: PluginName): Promise<boolean> =>
    (await undoOf(dockerConfig, name).catch(() => undefined)) !== undefined;
  const { alias } = await readConfig(dockerConfig);
  const isNamed = alias.builder === JSON.stringify(PLUGINS.builder);
  return {
    command: await isThere(PLUGINS.command),
    builder: (await isThere(PLUGINS.builder)) ? (isNamed ? 'named' : 'not-named') : 'absent',
  };
}

interface DockerConfigFile {
  readonly path: string;
  /** Undefined where there is no file. */
  readonly text: string | undefined;
  readonly alias: { readonly aliases: boolean; readonly builder: string | undefined };
}

async function readConfig(dockerConfig: string): Promise<DockerConfigFile> {
  const path = join(dockerConfig, 'config.json');
  const bytes = await readFile(path).catch(async (cause: unknown) => {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) throw new UserError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
    if (await lstat(path).catch(() => undefined))
      throw new UserError(`${path} is a dangling link`, { nextStep: `ls -l ${path}` });
    return undefined;
  });
  const text = bytes === undefined ? undefined : decoded(bytes, path);
  const alias = readBuilderAlias(jsonOf(text));
  if (!alias.ok)
    throw new UserError(`${path} is not what Docker writes: ${alias.error}`, {
      nextStep: 'fix the file; nothing was changed',
    });
  return { path, text, alias: alias.value };
}

/** Bytes that are no UTF-8 would come out as others. */
function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${path} is not what Docker writes: it is not UTF-8`, {
      nextStep: 'fix the file; nothing was changed',
      cause,
    });
  }
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Docker takes an empty file for one that is not there. */
function jsonOf(text: string | undefined): string {
  return text === undefined || isBlank(text) ? '{}\n' : text;
}

function pathOf(dockerConfig: string, name: PluginName): string {
  return join(dockerConfig, 'cli-plugins', `docker-${name}`);
}

/** A plugin file's undo data; undefined if no file. Throws UserError if it is somebody else's. */
async function undoOf(dockerConfig: string, name: PluginName): Promise<Undo | undefined> {
  const path = pathOf(dockerConfig, name);
  if ((await lstat(path).catch(() => undefined)) === undefined) return undefined;
  const undo = readUndo(await readFile(path, 'utf8').catch(() => ''));
  if (undo !== undefined) return undo;
  throw new UserError(`${path} is there, and scoville install did not write it`, {
    nextStep: `check it, and move it away`,
  });
}

/** The leading ones of the folders (innermost first) that are not there. */
async function missingFolders(folders: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(
    folders.map((folder) =>
      lstat(folder).then(
        () => true,
        () => false,
      ),
    ),
  );
  const first = there.indexOf(true);
  return first === -1 ? folders : folders.slice(0, first);
}
