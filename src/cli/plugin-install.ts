import { chmod, lstat, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyEdits,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { makeFolder, writeFileBeside } from '../config/project-files.ts';
import { err, EXIT, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { cleanLines } from '../ui/text.ts';
import { command } from './flags.ts';
import { type CommandIo, pathsOf } from './io.ts';
import { pluginFile, type PluginName, PLUGINS, readUndo, type Undo } from './plugin-call.ts';
import { INSTALL, UNINSTALL } from './specs.ts';
import { VERSION } from './version.ts';

/** What config.json says of the builder. */
interface BuilderAlias {
  /** Whether there is an object `aliases`. */
  readonly aliases: boolean;
  /** The value of `aliases.builder` as it is written; undefined where there is none. */
  readonly builder: string | undefined;
}

interface Values {
  readonly aliases: Node | undefined;
  readonly builder: Node | undefined;
}

const BUILDER = ['aliases', 'builder'];

/** Reads what Docker's config.json says of the builder. An error names line and column. */
export function readBuilderAlias(text: string): Result<BuilderAlias> {
  const found = values(text);
  if (!found.ok) return found;
  const { aliases, builder } = found.value;
  return ok({
    aliases: aliases !== undefined,
    builder:
      builder === undefined
        ? undefined
        : text.slice(builder.offset, builder.offset + builder.length),
  });
}

/** The same text with `aliases.builder` set to `name`; every other byte stays. */
export function withBuilderAlias(text: string, name: string): Result<string> {
  const found = values(text);
  return found.ok ? ok(applyEdits(text, modify(text, BUILDER, name, {}))) : found;
}

/** The text with its earlier `aliases.builder`; `before` is what readBuilderAlias gave then. */
export function withoutBuilderAlias(text: string, before: BuilderAlias): Result<string> {
  const found = values(text);
  if (!found.ok) return found;
  const { aliases, builder } = found.value;
  if (builder === undefined) return ok(text);
  const { offset, length } = builder;
  if (before.builder !== undefined)
    return ok(applyEdits(text, [{ offset, length, content: before.builder }]));
  const isWhole = aliases?.children?.length === 1 && !before.aliases;
  return ok(applyEdits(text, modify(text, isWhole ? ['aliases'] : BUILDER, undefined, {})));
}

function values(text: string): Result<Values> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first !== undefined) return err(`${at(text, first.offset)}: ${saying(first)}`);
  if (root?.type !== 'object') return err('line 1, column 1: it is not a JSON object');
  const aliases = valueOf(root, 'aliases', text);
  if (!aliases.ok || aliases.value === undefined)
    return aliases.ok ? ok({ aliases: undefined, builder: undefined }) : aliases;
  if (aliases.value.type !== 'object')
    return err(`${at(text, aliases.value.offset)}: "aliases" is not an object`);
  const builder = valueOf(aliases.value, 'builder', text);
  return builder.ok ? ok({ aliases: aliases.value, builder: builder.value }) : builder;
}

function valueOf(object: Node, name: string, text: string): Result<Node | undefined> {
  const [first, second] = (object.children ?? []).filter(
    (property) => property.children?.[0]?.value === name,
  );
  if (second !== undefined) return err(`${at(text, second.offset)}: "${name}" is there twice`);
  return ok(first?.children?.[1]);
}

function at(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function saying({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

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

/** `scoville install`. */
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

/** `scoville uninstall`. */
export const uninstall = command(UNINSTALL, async (_flags, _, io) => {
  const { dockerConfig } = pathsOf(io);
  const changes = await uninstallPlugins(dockerConfig);
  tell(io, changes.length > 0 ? changes : [`nothing of scoville is installed in ${dockerConfig}`]);
  return EXIT.met;
});

function tell(io: CommandIo, lines: readonly string[]): void {
  for (const line of lines) io.writeErr(`scoville: ${cleanLines(line)}\n`);
}
