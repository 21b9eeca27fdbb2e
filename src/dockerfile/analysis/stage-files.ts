import { fileName } from '../../lib/text.ts';
import type { BuildContext, Instruction } from '../../model/dockerfile.ts';
import { FILE_FETCHERS } from '../../programs/fetchers.ts';
import { isBuiltin, isKnownProgram, unversioned } from '../../programs/local.ts';
import { folderOfPattern, pathIn } from '../paths.ts';
import { mountsOf } from '../read-dockerfile.ts';
import {
  type CommandEvent,
  lineOf,
  placeOf,
  readCommandLine,
  sourceOf,
  wordsOf,
} from './commands.ts';

/** What is known of a file that the build itself put into a stage. */
export type FileContent =
  | { readonly kind: 'text'; readonly text: string }
  /** `target`: where it was downloaded to. */
  | { readonly kind: 'unread'; readonly why: string; readonly target?: string };

/** File lookups, for all stages together. */
export interface LookupBudget {
  steps: number;
}

/** Something that lies at a path of the stage from command number `id` on. */
interface Put {
  readonly id: number;
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
const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');
/** Folders that installers fill below one that the context is copied to. */
const INSTALLERS =
  /(?:^|\/)(?:node_modules\/\.bin|\.?v?env\/bin|vendor\/bin|\.local\/bin|\.cargo\/bin|go\/bin)$/;
const ADDRESS = /^(?:https?:|git@|git:|ssh:|ftp:)/i;
export const ARCHIVE = /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i;
const NAMED_FILE = /\.\w{1,5}$/;

/** Where a program is called from. */
type ProgramPlace = Pick<CommandEvent, 'folder' | 'id'> & { readonly instruction?: Instruction };

const FILLED: FileContent = { kind: 'unread', why: 'may be in a folder that the build filled' };
const UNPACKS = /^(?:g?tar|bsdtar|unzip|cpio|7z[ar]?|unrar)$/;
/** What edits a file in place, or puts bytes of its own into it. */
const EDITS =
  /^(?:(?:g?sed|perl) (?:.* )?(?:-\w*i|--in-place)|(?:ed|ex|patch|sponge|truncate|dd) )/;
/** What names a program without changing it. */
const LEAVES =
  /^(?:rm|chmod|chown|chgrp|ls|test|\[|strip|echo|printf|which|ldd|setcap|stat|file|find|cp|mv|ln|install|update-alternatives|dpkg-divert|grep|scanelf)$/;

export function isWithin(path: string, folder: string): boolean {
  if (folder === '' || folder === '.') return !/^[/$~]/.test(path);
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function isContent(from: Put['from']): from is FileContent {
  return typeof from === 'object' && 'kind' in from;
}

/** What COPY, ADD and the commands of a stage put where; files of a base image are not known. */
export class StageFiles {
  /** Folders that were ever in PATH; an unknown one begins with `$`. */
  readonly #path = new Set(PROGRAM_PATH);
  /** PATH was ever without the folders of the system. */
  #isElsewhere = false;
  /** Something was put at a place that is not known. */
  #isUnknown = false;
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
    if (base === undefined) return;
    for (const folder of base.#path) this.#path.add(folder);
    this.#isElsewhere = base.#isElsewhere;
    this.#isUnknown = base.#isUnknown;
  }

  /** A value that PATH is given. */
  addPath(value: string, folder: string): void {
    const isOwn = (one: string): boolean => /^\$(?:PATH\b|\{PATH\b[^}]*\})$/.test(one);
    const folders = value.split(':', 64);
    for (const one of folders)
      if (!isOwn(one)) this.#path.add(one.startsWith('$') ? one : pathIn(folder, one || '.'));
    this.#isElsewhere ||= !folders.some((one) => isOwn(one) || PROGRAM_PATH.includes(one));
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

  /** What the mounts of a RUN bring; true where one hides programs of the image. */
  mount(instruction: Instruction, folder: string, id: number): boolean {
    const mounts = mountsOf(instruction);
    for (const { type = 'bind', from, source = '/', target } of mounts)
      if (type === 'bind' && target !== undefined)
        this.#from(id, pathIn(folder, target), false, from, [source]);
    return mounts.some(({ type = 'bind', from = '', target = '/none' }) => {
      const isOpen = type === 'cache' || (type === 'bind' && from !== '');
      return isOpen && PROGRAM_PATH.some((one) => isWithin(one, pathIn(folder, target)));
    });
  }

  /** What a command writes: its text is not followed. */
  write(id: number, path: string): void {
    if (!path.startsWith('/dev/'))
      this.#put(id, path, false, [], { kind: 'unread', why: 'is written by a command' });
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
    else if (!from.startsWith(to) && unversioned(to) !== unversioned(from)) this.write(id, target);
  }

  /** What an archive, whose names nobody sees, brings into a folder. */
  unpack(id: number, path: string): void {
    this.#put(id, path, false, [path], 'archive');
  }

  /** What lies at a path before command `id`; undefined where the build put nothing there. */
  at(path: string, id = FAR): FileContent | undefined {
    for (let index = this.#puts.length - 1; index >= 0; index -= 1) {
      const put = this.#puts[index];
      if (put === undefined || put.id >= id) continue;
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
  #isFilled(folders: readonly string[], id: number, isStrict: boolean): boolean {
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
          const isSystem = PROGRAM_PATH.includes(folder);
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
    const isBase = this.#base !== undefined && this.#base.#isFilled(folders, FAR, isStrict);
    return isBase || this.#before(id).some(isOpen);
  }

  /**
   * A file that the build put where a program of this name is looked for, or may have put there;
   * undefined for none. `isStrict`: at any place of this name, or in folders of other images.
   */
  program(
    name: string,
    { folder, id, instruction }: ProgramPlace,
    isStrict = false,
  ): { readonly path: string; readonly content: FileContent } | undefined {
    // In exec form no shell takes the name for its own.
    if (isBuiltin(name) && instruction?.rawArguments.startsWith('[') !== true) return undefined;
    const isNamed = name.includes('/');
    const own = new RegExp(`(?:^|/)${name.replace(/[^\w-]/g, '.')}$`);
    const folders = [...this.#path].map((one) => (one.startsWith('$') ? one : pathIn(folder, one)));
    const places = isNamed ? [folder] : folders;
    // A folder that is not known may be any, and a file that is put there any program.
    const open = folders.flatMap((one) => /^\$(?:\{[^}]*\}|\(\.*\)|\w+)(.*)/.exec(one)?.[1] ?? []);
    const unknown = this.#isUnknown && !isNamed ? this.put(/\$/, id).slice(0, 64) : [];
    const any = open.length > 0 && !isNamed ? this.put(/./, id).slice(0, 64) : [];
    const named = (isStrict || open.length > 0) && !isNamed ? this.put(own, id) : [];
    const paths = [
      ...places.map((one) => pathIn(one, name)),
      ...named,
      ...unknown.flatMap((one) => [...(own.test(one) ? [one] : []), `${one}/${name}`]),
      ...any.flatMap((one) => open.map((end) => `${one}${end}/${name}`)),
    ];
    for (const path of paths) {
      // /bin is a link to /usr/bin.
      const twin = /^\/s?bin\//.test(path)
        ? `/usr${path}`
        : path.replace(/^\/usr(?=\/s?bin\/)/, '');
      const content = this.at(path, id) ?? this.at(twin, id);
      if (content !== undefined) return { path, content };
      if (isStrict && named.includes(path)) return { path, content: FILLED };
    }
    if (isNamed) return undefined;
    const isUnknown =
      isStrict && (this.#isElsewhere || unknown.some((one) => /^\$\{?\w+(?:#\d+)?\}?$/.test(one)));
    return isUnknown || this.#isFilled(folders, id, isStrict)
      ? { path: name, content: FILLED }
      : undefined;
  }

  /** Notes what a command writes, copies, moves, links and unpacks. */
  follow(event: CommandEvent, events: readonly CommandEvent[]): void {
    const { program, id, writesTo } = event;
    const words = wordsOf(event);
    const line = words.join(' ');
    const names = words.filter((word) => !word.startsWith('-')).map((word) => placeOf(event, word));
    if (FILE_FETCHERS[program] === undefined) for (const path of writesTo) this.write(id, path);
    if (program === 'tee' && FILE_FETCHERS[sourceOf(event, events)?.program ?? ''] === undefined)
      for (const path of names) this.write(id, path);
    if (/^(?:cp|mv|ln|install|rsync)$/.test(program)) this.#copied(event);
    else if (/^(?:update-)?alternatives$/.test(program) && words.includes('--install')) {
      const [path, , target] = words.slice(words.indexOf('--install') + 1);
      if (path !== undefined && target !== undefined) this.link(id, target, path);
    } else if (UNPACKS.test(program)) {
      // What an archive of the build itself has is not seen.
      const isOwn = [...names, ...event.readsFrom].some((path) => {
        const name = fileName(path).replace(/[^\w-]/g, '.');
        return [path, ...this.put(new RegExp(`/${name}$`), id)].some((one) => {
          const content = this.at(one, id);
          return (
            content?.kind === 'text' || (content !== undefined && content.target === undefined)
          );
        });
      });
      const to = /(?:^| )(?:-C|-d|-D|--directory)[ =]?(\S+)/.exec(line)?.[1] ?? '.';
      if (isOwn) this.unpack(id, placeOf(event, to));
    } else if (EDITS.test(lineOf(event)))
      for (const word of words) {
        const path = placeOf(event, word.replace(/^of=/, ''));
        if (this.at(path, id) !== undefined) this.write(id, path);
      }
    // A program that is named to another command may be written by it.
    if (LEAVES.test(program) || event.isFollowed) return;
    for (const { 0: path, 1: name = '', index } of line.matchAll(/\/s?bin\/([\w.+-]+)/g)) {
      const start = line.slice(0, index).replace(/^.*[^\w./-]/s, '');
      if (isKnownProgram(name) && /^(?:\/usr(?:\/local)?)?$/.test(start))
        this.write(id, start + path);
    }
  }

  /** What `cp`, `mv`, `ln` and the like put where. */
  #copied(event: CommandEvent): void {
    const { program, argv, id } = event;
    const { values, operands, has } = readCommandLine(program, argv.slice(1));
    const [into] = values('-t --target-directory');
    const to = into ?? operands.at(-1);
    const sources = into === undefined ? operands.slice(0, -1) : operands;
    if (to === undefined || (program === 'install' && has('-d --directory'))) return;
    const path = placeOf(event, to.text);
    const isFolder = into !== undefined || sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(to.text);
    const isLink = program === 'ln' && has('-s --symbolic');
    for (const { text } of sources) {
      const isBeside = isLink && !text.startsWith('/');
      const source = isBeside
        ? pathIn(path.replace(/\/[^/]*$/, '') || '/', text)
        : placeOf(event, text);
      if (source === path) continue;
      if (!isFolder) this.link(id, source, path);
      this.link(id, source, pathIn(path, fileName(source)));
    }
  }

  #before(id: number): readonly Put[] {
    return this.#puts.filter((put) => put.id < id);
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
    this.#isUnknown ||= path.includes('$');
    if (this.#puts.length < MOST_PUTS) this.#puts.push({ id, path, isFolder, sources, from });
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
    if (text !== undefined) return { kind: 'text', text };
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
