import { fileName } from '../../../model/path.ts';
import {
  IMPORTED,
  NUGET_SETTINGS,
  OPTIONS,
  ORDERS,
  SOURCE,
  VALUED,
  VARIABLES,
} from '../../../programs/msbuild.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import type { StageFiles } from '../stage-files.ts';
import { isPlainProperty, readMsbuildFile } from './msbuild-file.ts';
import { isPlainNugetSettings } from './nuget-settings.ts';

/** Verbs that translate a project; `test` and `run` start it. */
const TRANSLATES = /^(?:restore|build|publish|pack|clean)$/;
const PROJECT = /\.(?:cs|vb)proj$/;
const SOLUTION = /\.(?:sln|slnx)$/;
/** Projects, their settings and folders, all together; a person’s solution has fewer. */
const MOST_READ = 800;
/** Folders of the SDK and of its users, whose files every build imports. */
const SHARED = [
  '/usr/share/dotnet',
  '/usr/lib/dotnet',
  '/root/.nuget',
  '/root/.dotnet',
  '/root/.local',
  '/root/.config',
  '/root/.microsoft',
];

const USER_FOLDERS = ['.nuget', '.dotnet', '.local', '.microsoft', '.templateengine'] as const;

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || (path.startsWith('/') ? '/' : '');
}

/** A folder and those above it. */
function upwards(folder: string): readonly string[] {
  const above: string[] = [];
  for (let at = folder; ; at = folderOf(at)) {
    above.push(at);
    if (at === '/' || at === '') return above;
  }
}

/** Why the words of a command line are not read; its project where they are. */
function projectOf(words: readonly string[]): { readonly project?: string; readonly why?: string } {
  const operands: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (/^(?:true|false)$/i.test(word)) continue;
    const [, set = ''] = /^(?:[-/]|--)(?:p|property):(.*)$/i.exec(word) ?? [];
    const pairs = set === '' && /^--?p(?:roperty)?$/i.test(word) ? (words[(at += 1)] ?? '') : set;
    if (pairs !== '') {
      const isPlain = pairs.split(/[;,]/).every((pair) => {
        const [name = '', ...value] = pair.split('=');
        return isPlainProperty(name, value.join('='));
      });
      if (!isPlain) return { why: `sets ${pairs.slice(0, 60)}` };
    } else if (/^(?:-s|--source)$/.test(word)) {
      if (!SOURCE.test(words[(at += 1)] ?? '')) return { why: 'names a source of packages' };
    } else if (VALUED.has(word)) at += 1;
    else if (!word.startsWith('-') && !/^\/\w+(?::|$)/.test(word)) operands.push(word);
    else if (!OPTIONS.test(word)) return { why: `has the option ${word.slice(0, 60)}` };
  }
  const [project, ...more] = operands;
  if (more.length > 0) return { why: 'names more than one project' };
  return project === undefined ? {} : { project };
}

/** Why a project is not read. */
class NotRead extends Error {}

/** Reads the projects that one command builds; the first thing that may run something ends it. */
class ProjectReader {
  readonly #files: StageFiles;
  readonly #at: number;
  /** Hashes of a lock file hold the packages, from whichever source. */
  readonly #isHashed: boolean;
  readonly #read = new Set<string>();

  constructor(files: StageFiles, at: number, isHashed: boolean) {
    this.#isHashed = isHashed;
    this.#files = files;
    this.#at = at;
  }

  /** The text of a file; undefined where none is there. */
  #text(path: string): string | undefined {
    const content = this.#files.at(path, this.#at);
    if (content === undefined || (content.kind === 'maybe' && content.isFollowed === true))
      return undefined;
    if (content.kind === 'text') return content.text;
    throw new NotRead(`${path} ${content.why}`);
  }

  /** The project, solution or folder at a path. False where there is none. */
  build(path: string): boolean {
    if (PROJECT.test(path)) return this.#project(path);
    if (SOLUTION.test(path)) return this.#solution(path);
    if (/\.\w*proj$/.test(path))
      throw new NotRead(`${path} is a project of a kind that is not read`);
    const names = this.#files.names(path, this.#at);
    if (names === undefined) throw new NotRead(`what else lies in ${path || '.'} is not shown`);
    const built = names.filter((name) => /\.(?:\w*proj|slnx?|slnf)$/.test(name));
    return built.map((name) => this.build(pathIn(path || '.', name))).some(Boolean);
  }

  #project(path: string): boolean {
    if (!this.#data(path)) return false;
    const folder = folderOf(path);
    this.#data(`${path}.user`);
    this.around(folder);
    // `obj` is where NuGet leaves what every project imports.
    const names = this.#files.names(pathIn(folder || '.', 'obj'), this.#at);
    if (names === undefined || names.some((name) => /\.(?:props|targets)$/i.test(name)))
      throw new NotRead(`obj beside ${path} is part of the project`);
    return true;
  }

  #solution(path: string): boolean {
    const text = this.#text(path);
    if (text === undefined) return false;
    const folder = folderOf(path);
    for (const name of [`before.${fileName(path)}.targets`, `after.${fileName(path)}.targets`])
      if (this.#text(pathIn(folder || '.', name)) !== undefined)
        throw new NotRead(`${name} is run`);
    this.around(folder);
    const listed = path.endsWith('x')
      ? [...text.matchAll(/<Project\b[^>]*?\bPath="([^"]*)"/g)]
      : [...text.matchAll(/^Project\("[^"]*"\)\s*=\s*"[^"]*",\s*"([^"]*)"/gm)];
    for (const [, name = ''] of listed) {
      const project = pathIn(folder || '.', name.replaceAll('\\', '/'));
      if (/\.\w*proj$/i.test(name) || /^https?:/.test(name)) this.build(project);
    }
    return true;
  }

  /** What MSBuild and NuGet read by name, in a folder and above it. */
  around(folder: string): void {
    for (const above of upwards(folder)) {
      if (this.#read.has(`${above}/`)) return;
      this.#read.add(`${above}/`);
      const at = (name: string): string => pathIn(above || '.', name);
      for (const name of IMPORTED) this.#data(at(name));
      for (const name of ORDERS)
        if (this.#text(at(name)) !== undefined) throw new NotRead(`${name} is part of each build`);
      for (const name of NUGET_SETTINGS) this.#settings(at(name));
      // Those of a user, whose home may be a folder of the build.
      for (const name of USER_FOLDERS)
        if (this.#holds(above, name)) throw new NotRead(`${at(name)} has settings of a user`);
      const sdk = this.#text(at('global.json'));
      if (sdk !== undefined && /\\|"(?:msbuild-sdks|paths|workload\w*|test)"/i.test(sdk))
        throw new NotRead('global.json names other SDKs');
    }
  }

  /** True where a folder of the context has another of this name. */
  #holds(folder: string, name: string): boolean {
    return this.#files.names(folder, this.#at)?.includes(name) === true;
  }

  #settings(path: string): void {
    const text = this.#text(path);
    if (text !== undefined && !this.#isHashed && !isPlainNugetSettings(text))
      throw new NotRead(`${path} names another source of packages`);
  }

  /** A file of MSBuild, and what it imports. */
  #data(path: string): boolean {
    if (this.#read.has(path)) return true;
    const text = this.#text(path);
    if (text === undefined) return false;
    this.#read.add(path);
    if (this.#read.size > MOST_READ) throw new NotRead('more projects than are read');
    const file = readMsbuildFile(text);
    if ('refused' in file) throw new NotRead(`${path} has ${file.refused}`);
    const folder = folderOf(path) || '.';
    for (const one of file.imports) this.#data(pathIn(folder, one));
    for (const one of file.projects) this.build(pathIn(folder, one));
    return true;
  }

  /** Files that the build put where every project finds them. */
  shared(home = '/root'): void {
    if ([...SHARED, home].some((folder) => this.#files.holdsContext(folder)))
      throw new NotRead('the context fills folders of the SDK');
    for (const path of this.#files.put(/\.(?:props|targets|rsp)$|\/nuget\.config$/i, this.#at))
      if (/\/nuget\.config$/i.test(path)) this.#settings(path);
      else if (/\.rsp$/i.test(path)) throw new NotRead(`${path} is part of each build`);
      else this.#data(path);
  }
}

/** True for a verb of `dotnet` that translates a project. */
export function isProjectVerb(verb: string | undefined): boolean {
  return TRANSLATES.test(verb ?? '');
}

/** What `dotnet` runs of the projects of a build. */
export interface DotnetBuild {
  /** Why it may run something that was not read; undefined where all of it is data. */
  readonly why?: string;
  /** No project is there. */
  readonly isEmpty?: true;
}

/**
 * Reads what `dotnet restore`, `build`, `publish`, `pack` and `clean` work on: the project or
 * solution, what it imports and refers to, the files that MSBuild and NuGet find by name. What
 * packages do in a build is their publishers’, as it is of other managers.
 */
export function dotnetBuild(
  event: CommandEvent,
  files: StageFiles,
  isHashed: boolean,
): DotnetBuild {
  const [verb = '', ...words] = event.argv.slice(1).map(({ text }) => text);
  for (const name of event.variables().keys())
    if (!VARIABLES.test(name) && !isHarmless(name))
      return { why: `the variable ${name} is a property of each project` };
  const { project, why } = projectOf(words);
  if (why !== undefined) return { why: `dotnet ${verb} ${why}` };
  const reader = new ProjectReader(files, event.id, isHashed);
  try {
    reader.shared(event.variable('HOME'));
    reader.around(event.folder);
    const path = pathIn(event.folder || '.', project ?? '.');
    return reader.build(path) ? {} : { isEmpty: true };
  } catch (thrown) {
    if (thrown instanceof NotRead) return { why: thrown.message };
    throw thrown;
  }
}

/** Names with a `_` between words are none of MSBuild’s, but for a few. */
const OWN =
  /^(?:msbuild|dotnet|nuget|corehost|coreclr|complus|protobuf|grpc|microsoft|wasm|ilc|illink)/i;

function isHarmless(name: string): boolean {
  return (/^[a-z][a-z0-9]*_\w*$/i.test(name) && !OWN.test(name)) || isPlainProperty(name, '');
}
