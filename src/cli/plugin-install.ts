import { chmod, lstat, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import { makeFolder, writeFileBeside } from '../config/project-files.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import { cleanLines } from '../ui/text.ts';
import { command } from './flags.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import { pluginFile, type PluginName, PLUGINS, readUndo, type Undo } from './plugin-call.ts';
import { INSTALL, UNINSTALL } from './specs.ts';
import { VERSION } from './version.ts';

const ALIAS = ['aliases', 'builder'];
const OURS = JSON.stringify(PLUGINS.builder);
const LARGEST = 4 * 1024 * 1024;

/** The value of `aliases.builder` as config.json spells it; undefined where there is none. */
export function builderAlias(text: string): string | undefined {
  const root = parseTree(text);
  const node = root && findNodeAtLocation(root, ALIAS);
  return node && text.slice(node.offset, node.offset + node.length);
}

/** The same text with `aliases.builder` set to ours; every other byte stays. */
export function withBuilderAlias(text: string): string {
  return applyEdits(text, modify(text, ALIAS, PLUGINS.builder, {}));
}

/** The text with its earlier `aliases.builder`, or with none, and no empty `aliases`. */
export function withoutBuilderAlias(text: string, before: string | undefined): string {
  const root = parseTree(text);
  const node = root && findNodeAtLocation(root, ALIAS);
  if (root === undefined || node === undefined) return text;
  const { offset, length } = node;
  if (before !== undefined) return applyEdits(text, [{ offset, length, content: before }]);
  const isAlone = findNodeAtLocation(root, ['aliases'])?.children?.length === 1;
  return applyEdits(text, modify(text, isAlone ? ['aliases'] : ALIAS, undefined, {}));
}

interface PluginStart {
  readonly start: readonly string[];
  readonly version: string;
}

/**
 * Puts our plugin into Docker's folder (`dockerConfig`: DOCKER_CONFIG, or ~/.docker). With
 * `replaceBuild` it adds the builder's too, and names that one in config.json. The earlier setting
 * is kept in the builder's file. Gives a line for each change. Throws UserError, having changed
 * nothing, where config.json is not valid JSON or another program's file has our name.
 */
export async function installPlugins(
  dockerConfig: string,
  about: PluginStart,
  replaceBuild: boolean,
): Promise<readonly string[]> {
  const config = replaceBuild ? await readConfig(dockerConfig) : undefined;
  await undoOf(dockerConfig, PLUGINS.command);
  const kept = await undoOf(dockerConfig, PLUGINS.builder);
  await makeFolder(join(dockerConfig, 'cli-plugins'), 0o700);
  const write = async (name: PluginName, undo: Undo): Promise<string> => {
    const path = pathOf(dockerConfig, name);
    await writeFileBeside(path, pluginFile(name, { ...about, undo }), 0o755);
    await chmod(path, 0o755);
    return `${path}: written`;
  };
  const changes = [await write(PLUGINS.command, {})];
  if (config === undefined) return changes;
  const { text, path, builder } = config;
  const before = { isMade: text === undefined, ...(builder === undefined ? {} : { builder }) };
  changes.push(await write(PLUGINS.builder, builder === OURS && kept ? kept : before));
  if (builder === OURS) return changes;
  await writeFileBeside(path, withBuilderAlias(text ?? '{}\n'), 0o600);
  const was = builder === undefined ? '' : `, instead of ${builder}`;
  return [...changes, `${path}: aliases.builder is ${OURS}${was}`];
}

/** Undoes installPlugins; what others changed since stays. Throws UserError. */
export async function uninstallPlugins(dockerConfig: string): Promise<readonly string[]> {
  const kept = (name: PluginName): Promise<Undo | undefined> =>
    undoOf(dockerConfig, name).catch(() => undefined);
  const changes = [...(await restoreAlias(dockerConfig, await kept(PLUGINS.builder)))];
  for (const name of [PLUGINS.builder, PLUGINS.command]) {
    if ((await kept(name)) === undefined) continue;
    await rm(pathOf(dockerConfig, name), { force: true });
    changes.push(`${pathOf(dockerConfig, name)}: removed`);
  }
  // Only where nothing else is in them.
  if (changes.length > 0)
    for (const folder of [join(dockerConfig, 'cli-plugins'), dockerConfig])
      await rmdir(folder).catch(() => undefined);
  return changes;
}

async function restoreAlias(
  dockerConfig: string,
  undo: Undo | undefined,
): Promise<readonly string[]> {
  const { path, text, builder } = await readConfig(dockerConfig);
  if (text === undefined || builder !== OURS) return [];
  const edited = withoutBuilderAlias(text, undo?.builder);
  if (undo?.isMade === true && edited.trim() === '{}') {
    await rm(path, { force: true });
    return [`${path}: removed; it did not exist before`];
  }
  await writeFileBeside(path, edited, 0o600);
  return [
    `${path}: aliases.builder ${undo?.builder === undefined ? 'is gone' : `is ${undo.builder} again`}`,
  ];
}

/** How things stand, for `scoville doctor`. Throws UserError where config.json cannot be read. */
export async function installedPlugins(dockerConfig: string): Promise<{
  readonly command: boolean;
  /** The builder's plugin is there, and whether config.json still names it. */
  readonly builder: 'named' | 'not-named' | 'absent';
}> {
  const isThere = async (name: PluginName): Promise<boolean> =>
    (await undoOf(dockerConfig, name).catch(() => undefined)) !== undefined;
  const { builder } = await readConfig(dockerConfig);
  const state = builder === OURS ? 'named' : 'not-named';
  return {
    command: await isThere(PLUGINS.command),
    builder: (await isThere(PLUGINS.builder)) ? state : 'absent',
  };
}

/** Docker's config.json: its text, undefined where there is none, and the builder that it names. */
async function readConfig(dockerConfig: string): Promise<{
  readonly path: string;
  readonly text: string | undefined;
  readonly builder: string | undefined;
}> {
  const path = join(dockerConfig, 'config.json');
  const bytes = await readFile(path).catch(async (cause: unknown) => {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) throw new UserError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
    if (await lstat(path).catch(() => undefined))
      throw new UserError(`${path} is a dangling link`, { nextStep: `ls -l ${path}` });
    return undefined;
  });
  if (bytes === undefined) return { path, text: undefined, builder: undefined };
  const text = bytes.toString('utf8');
  // Docker treats an empty file like a missing one.
  if (text.trim() === '') return { path, text: '{}\n', builder: undefined };
  const read = parseStrictJson(bytes, 'it', LARGEST);
  const problem = !read.ok
    ? read.error
    : !isObject(read.value)
      ? 'it is not a JSON object'
      : isObject(read.value['aliases'] ?? {})
        ? undefined
        : '"aliases" is not an object';
  if (problem !== undefined)
    throw new UserError(`${path} is not what Docker writes: ${problem}`, {
      nextStep: 'fix the file; nothing was changed',
    });
  return { path, text, builder: builderAlias(text) };
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

export const install = command(INSTALL, async ({ replaceBuild }, _, io) => {
  const { dockerConfig } = pathsOf(io);
  const about = { start: io.program, version: VERSION };
  tell(io, await installPlugins(dockerConfig, about, replaceBuild));
  tell(io, [
    replaceBuild
      ? 'docker build goes through scoville now; scoville uninstall undoes it'
      : 'try: docker scoville build .',
  ]);
  return EXIT.met;
});

export const uninstall = command(UNINSTALL, async (_flags, _, io) => {
  const { dockerConfig } = pathsOf(io);
  const changes = await uninstallPlugins(dockerConfig);
  tell(io, changes.length > 0 ? changes : [`nothing of scoville is installed in ${dockerConfig}`]);
  return EXIT.met;
});

function tell(io: CommandIo, lines: readonly string[]): void {
  for (const line of lines) io.writeErr(`scoville: ${cleanLines(line)}\n`);
}
