import { lstat, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { isCi, type PipelineContext } from '../model/context.ts';
import { keyScheme, type SettingSource } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import { type ConfigProblem, formatProblem } from './document.ts';
import { boundedText } from './read-files.ts';
import {
  mergeSettings,
  namedFiles,
  type ParseOptions,
  parseSettings,
  type SettingsLayer,
  type Task,
} from './settings.ts';

/** A path with its links followed; where nothing is there yet, those of the folders above it. */
export async function realPlace(path: string): Promise<string> {
  const above = dirname(path);
  return realpath(path).catch(async () =>
    above === path ? path : join(await realPlace(above), basename(path)),
  );
}

export async function isInside(path: string, folder: string): Promise<boolean> {
  const [real, root] = await Promise.all([realPlace(path), realPlace(folder)]);
  const way = relative(root, real);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

const SETTINGS_FILE_NAMES = ['.scoville.yaml', '.scoville.yml'] as const;

/** The person's own settings, in the configuration folder (`~/.config/scoville`). */
const USER_FILE_NAME = 'config.yaml';

const MOST_PARENTS = 64;
const LARGEST_FILE = 1024 * 1024;

export interface SettingsPlaces {
  readonly named: string | undefined;
  readonly policy?: string | undefined;
  /** The folder whose project is meant; undefined where there is none, as for a remote context. */
  readonly startDir: string | undefined;
  readonly userDir: string | undefined;
  readonly task: Task;
}

/** A project: its settings file, the folder that confines it, and whether git made it one. */
interface Project {
  readonly file: string | undefined;
  readonly root: string;
  readonly isRepository: boolean;
}

/**
 * The settings file of a project: in the folder, else in the nearest of its parents up to the root
 * of its git repository. Undefined where none is found. Outside a repository only the folder itself
 * is checked, and folders of another owner are not. So a stray file in a home or temporary folder
 * where others may write decides nothing.
 */
export async function findSettingsFile(startDir: string): Promise<string | undefined> {
  return (await findProject(startDir)).file;
}

/** The same, and the file that the project would have where there is none. */
export async function settingsFileFor(startDir: string): Promise<string> {
  return (await findSettingsFile(startDir)) ?? join(startDir, SETTINGS_FILE_NAMES[0]);
}

/** Whether the repository's author wrote a path. One around the home says nothing of it. */
export async function isOfTheProject(path: string, startDir: string): Promise<boolean> {
  const root = await repositoryOf(startDir);
  return root !== undefined && (await isInside(path, root));
}

/** The root of the git repository around a folder; undefined for one around the home. */
export async function repositoryOf(startDir: string): Promise<string | undefined> {
  const { root, isRepository } = await findProject(startDir);
  return isRepository && !(await isInside(homedir(), root)) ? root : undefined;
}

async function findProject(startDir: string): Promise<Project> {
  const own = resolve(startDir);
  const owner = await ownerOf(own);
  let directory = own;
  const candidates: string[] = [];
  for (let i = 0; i < MOST_PARENTS; i++) {
    if ((await ownerOf(directory)) !== owner) break;
    for (const name of SETTINGS_FILE_NAMES) {
      const path = join(directory, name);
      if (await exists(path)) candidates.push(path);
    }
    if (await exists(join(directory, '.git')))
      return { file: candidates[0], root: directory, isRepository: true };
    const parent = dirname(directory);
    if (parent === directory) break;
    directory = parent;
  }
  const file = candidates.find((path) => dirname(path) === own);
  return { file, root: own, isRepository: false };
}

/** Of the named file or else the project's, and the person's own. Errors have line and column. */
export async function loadSettings(
  { named, policy, startDir, userDir, task }: SettingsPlaces,
  options: Omit<ParseOptions, 'file'>,
): Promise<Result<Settings, readonly ConfigProblem[]>> {
  const { file, root } =
    startDir === undefined || named !== undefined ? NO_PROJECT : await findProject(startDir);
  if (file !== undefined && !(await isInside(file, root)))
    return err([problem(file, `is a link that leads out of ${root}`)]);
  const user = await userFile(userDir, startDir);
  const files: readonly (readonly [SettingSource, string])[] = [
    ...[policy, named].flatMap((path) => (path === undefined ? [] : [['named', path] as const])),
    ...(user === undefined ? [] : [['user', user] as const]),
    ...(file === undefined ? [] : [['project', file] as const]),
  ];
  const layers: SettingsLayer[] = [];
  const problems: ConfigProblem[] = [];
  for (const [source, path] of files) {
    const given = await boundedText(path, { largest: LARGEST_FILE, utf8: 'required' }).then(
      (text) => parseSettings(text, { ...options, file: path }),
      (cause: unknown) => err([problem(path, `cannot be read: ${messageOf(cause)}`)]),
    );
    if (!given.ok) {
      problems.push(...given.error);
      continue;
    }
    const foreign: string[] = [];
    layers.push({ source, file: path, given: given.value, foreign });
    if (source !== 'project') continue;
    for (const { setting, isPublished, values } of namedFiles(given.value)) {
      if (await areInside(values, root)) continue;
      if (isPublished)
        problems.push(problem(path, `${setting} is a file outside of ${root}: name it by a flag`));
      else foreign.push(setting);
    }
  }
  return problems.length > 0 ? err(problems) : ok(mergeSettings(layers, task));
}

function problem(file: string, message: string): ConfigProblem {
  return { file, line: 1, column: 1, message };
}

const NO_PROJECT: Project = { file: undefined, root: '', isRepository: false };

/** The person's file; undefined if the project carries it, whatever the environment says. */
async function userFile(
  userDir: string | undefined,
  startDir: string | undefined,
): Promise<string | undefined> {
  if (userDir === undefined) return undefined;
  const file = join(userDir, USER_FILE_NAME);
  if (!(await exists(file))) return undefined;
  return startDir !== undefined && (await isOfTheProject(file, startDir)) ? undefined : file;
}

/** True for files of a project, by where links lead; no address is one. */
async function areInside(values: readonly string[], root: string): Promise<boolean> {
  if (values.some((one) => keyScheme(one) !== undefined)) return false;
  const found = await Promise.all(values.map((one) => isInside(one, root)));
  return !found.includes(false);
}

async function ownerOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

interface SettingsRequest extends SettingsPlaces {
  readonly env: PipelineContext['env'];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Waivers may name criteria unknown here: the settings come from a source of another time. */
  readonly anyCriterion?: boolean;
}

async function criteria(): Promise<readonly string[]> {
  const { CATALOGUE } = await import('../criteria/catalogue.ts');
  return CATALOGUE.map(({ id }) => id);
}

/** A run's settings with defaults. Throws UserError with each problem's line and column. */
export async function settingsOf({
  now,
  env,
  anyCriterion = false,
  ...places
}: SettingsRequest): Promise<Settings> {
  const options = { now, isCi: isCi(env), ...(anyCriterion ? {} : { criteria }) };
  const loaded = await loadSettings(places, options);
  if (loaded.ok) return loaded.value;
  throw new UserError(loaded.error.map(formatProblem).join('\n  '), {
    nextStep: 'docs/configuration.md lists every setting',
  });
}
