import { fileName } from '../../lib/text.ts';
import type { BuildContext, Instruction } from '../../model/dockerfile.ts';
import { unversioned } from '../../programs/local.ts';
import { folderOfPattern, pathIn } from '../paths.ts';
import { mountsOf } from '../read-dockerfile.ts';

/** What is known of a file that the build itself put into a stage. */
export type FileContent =
  /** `origin`: from the Dockerfile, or from the build context. */
  | { readonly kind: 'text'; readonly text: string; readonly origin: 'build' | 'context' }
  /** `target`: where it was downloaded to. */
  | { readonly kind: 'unread'; readonly why: string; readonly target?: string };

/** File lookups, for all stages together. */
export interface LookupBudget {
  steps: number;
}

/** Something that lies at a path of the stage from command number `id` on. */
interface Put {
  readonly id: number;
  /** A mount is gone after this command. */
  readonly until: number;
  readonly path: string;
  /** The path is a folder, which sources are put into by their names. */
  readonly isFolder: boolean;
  readonly sources: readonly string[];
  /** Another stage, the context, another image, an archive, or its text. */
  readonly from: StageFiles | 'context' | 'image' | 'archive' | FileContent;
}

const FAR = Number.MAX_SAFE_INTEGER;
const MOST_PUTS = 4000;
/** Where the system looks for programs. */
export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Folders that installers fill below one that the context is copied to. */
const INSTALLERS =
  /(?:^|\/)(?:node_modules\/\.bin|\.?v?env\/bin|vendor\/bin|\.local\/bin|\.cargo\/bin|go\/bin)$/;
const ADDRESS = /^(?:https?:|git@|git:|ssh:|ftp:)/i;
export const ARCHIVE = /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i;
const NAMED_FILE = /\.\w{1,5}$/;

export function isWithin(path: string, folder: string): boolean {
  if (folder === '' || folder === '.') return !/^[/$~]/.test(path);
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function isContent(from: Put['from']): from is FileContent {
  return typeof from === 'object' && 'kind' in from;
}

/** What COPY, ADD and the commands of a stage put where; files of a base image are not known. */
export class StageFiles {
  /** PATH as ENV set it, the unknown part named by a `$`. */
  programPath = '$PATH';
  readonly #puts: Put[] = [];
  readonly #context: BuildContext | undefined;
  readonly #budget: LookupBudget;
  readonly #base: StageFiles | undefined;
  readonly #stage: (from: string) => StageFiles | undefined;

  constructor(
    context: BuildContext | undefined,
    budget: LookupBudget,
    base?: StageFiles,
    stage: (from: string) => StageFiles | undefined = () => undefined,
  ) {
    this.#context = context;
    this.#budget = budget;
    this.#base = base;
    this.#stage = stage;
    if (base !== undefined) this.programPath = base.programPath;
  }

  /** What a COPY or ADD brings. */
  copy(
    { keyword, flags, arguments: words, heredocs }: Instruction,
    folder: string,
    id: number,
  ): void {
    const to = words.at(-1) ?? '';
    const given = words.slice(0, -1);
    const path = pathIn(folder, to);
    const isFolder = /(?:^|\/)\.{0,2}$/.test(to) || given.length > 1;
    for (const { delimiter, content: text } of heredocs)
      this.#put(id, isFolder ? pathIn(path, delimiter) : path, false, [], {
        kind: 'text',
        text,
        origin: 'build',
      });
    const isUnpacked = (one: string): boolean => keyword === 'ADD' && ARCHIVE.test(one);
    const sources = given.filter(
      (one) =>
        !one.startsWith('<<') && !(keyword === 'ADD' && (ADDRESS.test(one) || isUnpacked(one))),
    );
    const from = flags.find(({ name }) => name === 'from')?.value;
    if (sources.length > 0) this.#from(id, path, isFolder, from, sources);
    if (given.some((one) => isUnpacked(one) && !ADDRESS.test(one))) this.unpack(id, path);
  }

  /** What the mounts of a RUN bring for as long as it runs; gives the end of them. */
  mount(instruction: Instruction, folder: string, id: number): (until: number) => void {
    const before = this.#puts.length;
    for (const { type = 'bind', from, source = '/', target } of mountsOf(instruction))
      if (type === 'bind' && target !== undefined)
        this.#from(id, pathIn(folder, target), false, from, [source]);
    return (until) => {
      for (let at = before; at < this.#puts.length; at += 1) {
        const put = this.#puts[at];
        if (put?.id === id) this.#puts[at] = { ...put, until };
      }
    };
  }

  /** What a command writes to a path; undefined where that is not known. */
  write(id: number, path: string, text: string | undefined): void {
    this.#put(
      id,
      path,
      false,
      [],
      text === undefined
        ? { kind: 'unread', why: 'is written by a command' }
        : { kind: 'text', text, origin: 'build' },
    );
  }

  download(id: number, path: string): void {
    this.#put(id, path, false, [], { kind: 'unread', why: 'is a download', target: path });
  }

  /** A file or folder that a command copies, moves or links: as far as the build put it there. */
  link(id: number, source: string, target: string): void {
    // Any program may be behind a name that is not known.
    if (target.includes('$')) this.#put(id, target, false, [source], 'archive');
    const isPattern = /[*?[]/.test(source);
    const content = isPattern ? undefined : this.at(source, id);
    const [from, to] = [fileName(source), fileName(target)];
    const folder = isPattern ? folderOfPattern(source).replace(/(?<=.)\/$/, '') : source;
    if (content !== undefined) this.#put(id, target, false, [], content);
    else if (this.holdsContext(folder))
      this.unpack(id, isPattern ? folderOfPattern(target) : target);
    // A program of the base image under the name of another.
    else if (!from.startsWith(to) && unversioned(to) !== unversioned(from))
      this.write(id, target, undefined);
  }

  /** What an archive, whose names nobody sees, brings into a folder. */
  unpack(id: number, path: string): void {
    this.#put(id, path, false, [path], 'archive');
  }

  /** What lies at a path before command `id`; undefined where the build put nothing there. */
  at(path: string, id = FAR): FileContent | undefined {
    for (let index = this.#puts.length - 1; index >= 0; index -= 1) {
      const put = this.#puts[index];
      if (put === undefined || put.id >= id || put.until < id) continue;
      this.#budget.steps -= 1;
      if (this.#budget.steps <= 0) return undefined;
      const found = this.#in(put, path);
      if (found !== undefined) return found;
    }
    return this.#base?.at(path);
  }

  /** Paths of files that were put there, as far as COPY and commands name them. */
  put(pattern: RegExp, id: number): readonly string[] {
    const own = this.#before(id).flatMap(({ path, sources }) =>
      [path, ...sources.map((one) => pathIn(path, fileName(one)))].filter((one) =>
        pattern.test(one),
      ),
    );
    return [...own, ...(this.#base?.put(pattern, FAR) ?? [])];
  }

  /** True where files of the build context may lie in a folder. */
  holdsContext(place: string): boolean {
    const folder = place.startsWith('$') ? '' : place;
    const isOwn = this.#puts.some(({ path, isFolder, from, sources }) => {
      if (isContent(from) || from === 'image') return false;
      const isThere =
        folder === ''
          ? !/^\/(?:etc|(?:usr\/(?:local\/)?)?s?bin|docker-entrypoint[\w.-]*)(?:\/|$)/.test(path)
          : isWithin(path, folder) ||
            (isWithin(folder, path) && (isFolder || !/\.\w+$/.test(path)));
      if (!isThere || typeof from === 'string') return isThere;
      return sources.some((source) => from.holdsContext(pathIn('/', folderOfPattern(source))));
    });
    return isOwn || this.#base?.holdsContext(place) === true;
  }

  isWhole(folder: string): boolean {
    const isSeen = ({ path, from, sources }: Put): boolean => {
      if (isContent(from) || !isWithin(folder, path)) return true;
      if (typeof from === 'string') return from === 'context' && this.#context !== undefined;
      return sources.every((one) => from.isWhole(one));
    };
    return folder !== '' && this.#puts.every(isSeen) && this.#base?.isWhole(folder) !== false;
  }

  /**
   * True where what is not seen was put over one of the folders, so that any program may be in it.
   * `isStrict`: what other stages and images have counts as not seen.
   */
  isFilled(folders: readonly string[], id: number, isStrict = false): boolean {
    const isOpen = ({ path, isFolder, from, sources }: Put): boolean => {
      if (isContent(from)) return false;
      // A program whose name is not known.
      const isPlace = /\/s?bin\/[^/$]*\$[^/]*$|^\$\(/.test(path) && !isFolder;
      if (isPlace && !sources.some((one) => /\$(?!\()/.test(one))) return true;
      if (from === 'archive') return folders.some((one) => isWithin(one, path));
      if (from === 'context' && this.#context !== undefined) return false;
      // A folder of another image in its own place is as its publisher made it.
      const isAsMade = from === 'image' ? sources.includes(path) : from !== 'context';
      if (isAsMade && !isStrict) return false;
      // A file by its name is not a folder, and a folder's name is not a program's.
      return folders.some((folder) => {
        if (path === folder) {
          const isSystem = PROGRAM_PATH.split(':').includes(folder);
          return sources.some((one) =>
            isSystem && isFolder
              ? /(?:^|\/)(?:s?bin|usr|local|\.|\*)?\/?$/.test(one)
              : isFolder || !NAMED_FILE.test(one),
          );
        }
        const isBelow = isWithin(folder, path) && !INSTALLERS.test(folder);
        return isBelow && sources.some((one) => isFolder || !NAMED_FILE.test(one));
      });
    };
    return this.#before(id).some(isOpen) || this.#base?.isFilled(folders, FAR, isStrict) === true;
  }

  #before(id: number): readonly Put[] {
    return this.#puts.filter((put) => put.id < id && put.until >= id);
  }

  #from(
    id: number,
    path: string,
    isFolder: boolean,
    from: string | undefined,
    sources: readonly string[],
  ): void {
    if (from === undefined || from === '') {
      const own = sources.map((one) => pathIn('', one.replace(/^\/+/, '')));
      this.#put(id, path, isFolder, own, 'context');
    } else {
      const own = sources.map((one) => pathIn('/', one));
      this.#put(id, path, isFolder, own, this.#stage(from) ?? 'image');
    }
  }

  #put(
    id: number,
    path: string,
    isFolder: boolean,
    sources: readonly string[],
    from: Put['from'],
  ): void {
    if (this.#puts.length < MOST_PUTS)
      this.#puts.push({ id, until: FAR, path, isFolder, sources, from });
  }

  #in({ path: to, isFolder, from, sources }: Put, path: string): FileContent | undefined {
    if (isContent(from)) return path === to ? from : undefined;
    if (from === 'archive' || !isWithin(path, to)) return undefined;
    const [one = '', ...more] = sources;
    const isAlone = path === to && !isFolder && more.length === 0;
    if (from === 'image')
      return isAlone && fileName(one) !== fileName(to)
        ? { kind: 'unread', why: 'comes from another image, under another name' }
        : undefined;
    const rest = path === to ? '' : to === '' ? path : path.slice(to === '/' ? 1 : to.length + 1);
    for (const source of sources)
      for (const place of placesIn(source, rest, isFolder)) {
        const found = from === 'context' ? this.#sent(place, place === source) : from.at(place);
        if (found !== undefined) return found;
      }
    return undefined;
  }

  #sent(path: string, isNamed: boolean): FileContent | undefined {
    if (this.#context === undefined)
      return isNamed && path !== '' && path !== '.'
        ? { kind: 'unread', why: 'comes from the build context, which was not given' }
        : undefined;
    const text = this.#context.text(path);
    if (text !== undefined) return { kind: 'text', text, origin: 'context' };
    return this.#context.kind(path) === 'file'
      ? { kind: 'unread', why: 'is too large to be read' }
      : undefined;
  }
}

/**
 * Where `rest` of a copy lies in its source. A file is put under its own name into a folder; the
 * content of a folder without its name.
 */
function placesIn(source: string, rest: string, isFolder: boolean): readonly string[] {
  if (/[*?[]/.test(source))
    return rest === '' ? [] : [pathIn(folderOfPattern(source).replace(/(?<=.)\/$/, ''), rest)];
  const name = fileName(source);
  if (rest === '') return isFolder ? [] : [source];
  const below = rest.startsWith(`${name}/`) ? [pathIn(source, rest.slice(name.length + 1))] : [];
  return [pathIn(source, rest), ...(rest === name ? [source] : []), ...below];
}
