import type { BuildContext } from '../../model/build-context.ts';
import type { Instruction } from '../../model/dockerfile.ts';
import { fileName } from '../../model/path.ts';
import { isKnownProgram, isPlainProgram } from '../../programs/catalogue.ts';
import { unversioned } from '../../programs/program.ts';
import { WRAPPERS } from '../../programs/wrappers.ts';
import { mountsOf } from '../external-image.ts';
import { folderOfPattern, pathIn } from '../paths.ts';

/** What is known of a file that the build itself put into a stage. */
export type FileContent =
  /** `origin`: the Dockerfile says what is in it, or the build context has it. */
  | { readonly kind: 'text'; readonly text: string; readonly origin: 'build' | 'context' }
  /** `target`: where it was downloaded to. */
  | { readonly kind: 'unread'; readonly why: string; readonly target?: string };

/** Of looking for files, for all stages together. */
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
  readonly from:
    | { readonly kind: 'content'; readonly content: FileContent }
    /** Of another stage, or of this one as it was before. */
    | { readonly kind: 'stage'; readonly files: StageFiles; readonly sources: readonly string[] }
    | { readonly kind: 'context'; readonly sources: readonly string[] }
    /** Of another image: what is in it is what its publisher says. */
    | { readonly kind: 'image'; readonly sources: readonly string[] }
    /** Out of an archive, of which nobody sees the names. */
    | { readonly kind: 'archive'; readonly sources: readonly string[] };
}

const FAR = Number.MAX_SAFE_INTEGER;
const NOT_AT_HAND: FileContent = {
  kind: 'unread',
  why: 'comes from the build context, which was not given',
};
/** Folders of the system's own programs, and those above them. */
const SYSTEM = /^\/(?:usr(?:\/local)?(?:\/s?bin)?|s?bin)?$/;
/** Folders that installers fill below one that the context is copied to. */
const INSTALLERS =
  /(?:^|\/)(?:node_modules\/\.bin|\.?v?env\/bin|vendor\/bin|\.local\/bin|\.cargo\/bin|go\/bin)$/;

/** A program of the base image under the name of one that fetches nothing. */
function renamed(source: string, path: string): FileContent | undefined {
  const [from, to] = [fileName(source), fileName(path)];
  const isSame =
    from.startsWith(to) ||
    to.startsWith(unversioned(from)) ||
    unversioned(to) === unversioned(from);
  if (isSame || !isKnownProgram(to) || (isPlainProgram(from) && WRAPPERS[from] === undefined))
    return undefined;
  return { kind: 'unread', why: `is ${from} under another name` };
}

const ADDRESS = /^(?:https?:|git@|git:|ssh:|ftp:)/i;
const ARCHIVE = /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/i;

/** True for a path that is `folder`, or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  if (folder === '' || folder === '.') return !/^[/$~]/.test(path);
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/**
 * What COPY, ADD and the commands of a stage put where; what a base image has is not known here.
 */
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
    for (const { delimiter, content } of heredocs)
      this.#put(id, isFolder ? pathIn(path, delimiter) : path, false, {
        kind: 'content',
        content: { kind: 'text', text: content, origin: 'build' },
      });
    const from = flags.find(({ name }) => name === 'from')?.value;
    const sources = given.filter(
      (one) =>
        !one.startsWith('<<') && !(keyword === 'ADD' && (ADDRESS.test(one) || ARCHIVE.test(one))),
    );
    if (sources.length > 0) this.#from(id, path, isFolder, from, sources);
    if (keyword === 'ADD' && given.some((one) => ARCHIVE.test(one) && !ADDRESS.test(one)))
      this.unpack(id, path);
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
    this.#put(id, path, false, {
      kind: 'content',
      content:
        text === undefined
          ? { kind: 'unread', why: 'is written by a command' }
          : { kind: 'text', text, origin: 'build' },
    });
  }

  /** What a command downloads to a path. */
  download(id: number, path: string): void {
    this.#put(id, path, false, {
      kind: 'content',
      content: { kind: 'unread', why: 'is a download', target: path },
    });
  }

  /** Files that a command copies, moves or links to a path. */
  link(id: number, path: string, isFolder: boolean, sources: readonly string[]): void {
    this.#put(id, path, isFolder, { kind: 'stage', files: this, sources });
  }

  /**
   * What lies at a path before command number `id`; undefined where the build put nothing there.
   */
  at(path: string, id = FAR): FileContent | undefined {
    for (let index = this.#puts.length - 1; index >= 0; index -= 1) {
      const put = this.#puts[index];
      if (put === undefined || put.id >= id || put.until < id) continue;
      if (!this.#spend()) return undefined;
      const found = this.#in(put, path);
      if (found !== undefined) return found;
    }
    return this.#base?.at(path);
  }

  /** The same for a path whose beginning is not known. */
  ending(end: string, id: number): FileContent | undefined {
    for (const put of this.#puts) {
      if (put.id >= id || put.until < id) continue;
      const names =
        put.from.kind === 'content'
          ? []
          : put.from.sources.map((source) => pathIn(put.path, fileName(source)));
      const path = [put.path, ...names].find((one) => one.endsWith(end));
      const found = this.#in(put, path ?? `${put.path}${end}`);
      if (found !== undefined) return found;
    }
    return this.#base?.ending(end, FAR);
  }

  /** Paths of files that were put there, as far as COPY and commands name them. */
  put(pattern: RegExp, id: number): readonly string[] {
    const own = this.#puts.flatMap(({ id: at, until, path, from }) => {
      if (at >= id || until < id) return [];
      const names =
        from.kind === 'content' ? [] : from.sources.map((one) => pathIn(path, fileName(one)));
      return [path, ...names].filter((one) => pattern.test(one));
    });
    return [...own, ...(this.#base?.put(pattern, FAR) ?? [])];
  }

  /** True where files of the build context may lie in a folder; any folder where it is ''. */
  holdsContext(place: string): boolean {
    const folder = place.startsWith('$') ? '' : place;
    const isOwn = this.#puts.some(({ path, isFolder, from }) => {
      if (from.kind === 'content') return false;
      const isThere =
        folder === ''
          ? !/^\/(?:etc|(?:usr\/(?:local\/)?)?s?bin|docker-entrypoint[\w.-]*)(?:\/|$)/.test(path)
          : isWithin(path, folder) ||
            (isWithin(folder, path) && (isFolder || !/\.\w+$/.test(path)));
      if (!isThere) return false;
      if (from.kind === 'context') return true;
      if (from.kind === 'image' || from.kind === 'archive') return from.kind === 'archive';
      return (
        from.files !== this &&
        from.sources.some((source) => from.files.holdsContext(pathIn('/', folderOfPattern(source))))
      );
    });
    return isOwn || this.#base?.holdsContext(place) === true;
  }

  /** False where files may lie in a folder that are not seen. */
  isWhole(folder: string): boolean {
    const isSeen = ({ path, from }: Put): boolean => {
      if (from.kind === 'content' || !isWithin(folder, path)) return true;
      return from.kind === 'stage'
        ? from.files === this || from.sources.every((one) => from.files.isWhole(one))
        : from.kind === 'context' && this.#context !== undefined;
    };
    return folder !== '' && this.#puts.every(isSeen) && this.#base?.isWhole(folder) !== false;
  }

  /** True where what is not seen was put into a folder, so that it may have any program. */
  isFilled(folder: string, id: number, isStrict = false): boolean {
    const isSystem = SYSTEM.test(folder);
    const isOpen = ({ id: at, until, path, isFolder, from }: Put): boolean => {
      if (at >= id || until < id || from.kind === 'content') return false;
      if (!isStrict && from.kind === 'stage') return false;
      // A folder of another image in its own place is as its publisher made it.
      if (!isStrict && from.kind === 'image' && from.sources.includes(path)) return false;
      if (from.kind === 'stage' && from.files === this) return false;
      if (from.kind === 'archive') return isWithin(folder, path);
      if (from.kind === 'context' && this.#context !== undefined) return false;
      const isIn = isWithin(path, folder) ? path === folder : isWithin(folder, path);
      if (!isIn || (path !== folder && INSTALLERS.test(folder))) return false;
      // A file by its name is no folder.
      return from.sources.some((source) =>
        !isSystem
          ? isFolder || !/\.\w{1,5}$/.test(source) || from.kind === 'image'
          : isFolder
            ? /(?:^|\/)(?:s?bin|usr|local|\.|\*)?\/?$/.test(source) || source === ''
            : !/\.\w{1,5}$/.test(source) || from.kind === 'image',
      );
    };
    return this.#puts.some(isOpen) || this.#base?.isFilled(folder, FAR, isStrict) === true;
  }

  /** What an archive brings into a folder. */
  unpack(id: number, path: string): void {
    this.#put(id, path, false, { kind: 'archive', sources: [path] });
  }

  /** A file that may be any program, since its place or name is not known. */
  unplaced(name: string, id: number): FileContent | undefined {
    for (const put of this.#puts) {
      if (put.id >= id || put.until < id || !put.path.includes('$')) continue;
      const isOpenName = fileName(put.path).includes('$') && !put.isFolder;
      const isBin = /^\$|\/s?bin\//.test(put.path);
      if (
        isOpenName &&
        isBin &&
        put.from.kind !== 'content' &&
        !put.from.sources.some((one) => /\$/.test(one) && !/\$\(/.test(one))
      ) {
        const isPlace = /\/s?bin\/[^/]*$/.test(put.path) || /^\$\(/.test(put.path);
        if (isPlace) return { kind: 'unread', why: 'may be a file whose name is not known' };
      }
      const found =
        this.#in(put, `${put.path.replace(/\/$/, '')}/${name}`) ??
        (fileName(put.path) === name ? this.#in(put, put.path) : undefined);
      if (found !== undefined && found.kind === 'text') return found;
    }
    return this.#base?.unplaced(name, FAR);
  }

  #spend(): boolean {
    this.#budget.steps -= 1;
    return this.#budget.steps > 0;
  }

  #from(
    id: number,
    path: string,
    isFolder: boolean,
    from: string | undefined,
    sources: readonly string[],
  ): void {
    if (from === undefined || from === '') {
      this.#put(id, path, isFolder, {
        kind: 'context',
        sources: sources.map((one) => pathIn('', one.replace(/^\/+/, ''))),
      });
      return;
    }
    const files = this.#stage(from);
    const own = sources.map((one) => pathIn('/', one));
    this.#put(
      id,
      path,
      isFolder,
      files === undefined
        ? { kind: 'image', sources: own }
        : { kind: 'stage', files, sources: own },
    );
  }

  #put(id: number, path: string, isFolder: boolean, from: Put['from']): void {
    if (this.#puts.length < 4000) this.#puts.push({ id, until: FAR, path, isFolder, from });
  }

  #in({ id, path: to, isFolder, from }: Put, path: string): FileContent | undefined {
    if (from.kind === 'content') return path === to ? from.content : undefined;
    if (!isWithin(path, to)) return undefined;
    // A pattern may stand for any program.
    const [one = ''] = from.sources;
    if (
      from.kind === 'stage' &&
      from.files === this &&
      path === to &&
      !isFolder &&
      /[*?[]/.test(one) &&
      isKnownProgram(fileName(to))
    )
      return { kind: 'unread', why: `is ${fileName(one)} under another name` };
    if (from.kind === 'archive') return undefined;
    if (from.kind === 'image') {
      const [source = '', ...more] = from.sources;
      const isRenamed =
        path === to && !isFolder && more.length === 0 && fileName(source) !== fileName(to);
      return isRenamed
        ? { kind: 'unread', why: 'comes from another image, under another name' }
        : undefined;
    }
    const rest = path === to ? '' : to === '' ? path : path.slice(to === '/' ? 1 : to.length + 1);
    for (const source of from.sources) {
      const isPattern = /[*?[]/.test(source);
      const root = isPattern ? folderOfPattern(source).replace(/(?<=.)\/$/, '') : source;
      const name = fileName(source);
      // A file is put under its own name into a folder; the content of a folder without its name.
      const places = [
        rest === ''
          ? isPattern || isFolder
            ? undefined
            : root
          : pathIn(root === '' ? '' : root, rest),
        rest === name && !isPattern ? source : undefined,
        rest.startsWith(`${name}/`) && !isPattern
          ? pathIn(source, rest.slice(name.length + 1))
          : undefined,
      ].filter((one) => one !== undefined);
      for (const place of places) {
        const found =
          from.kind === 'context'
            ? this.#sent(place, place === source)
            : this.#spend()
              ? (from.files.at(place, from.files === this ? id : FAR) ??
                (from.files === this && path !== to + '/' ? renamed(place, path) : undefined))
              : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #sent(path: string, isNamed: boolean): FileContent | undefined {
    if (this.#context === undefined)
      return isNamed && path !== '' && path !== '.' ? NOT_AT_HAND : undefined;
    const text = this.#context.text(path);
    if (text !== undefined) return { kind: 'text', text, origin: 'context' };
    return this.#context.kind(path) === 'file'
      ? { kind: 'unread', why: 'is too large to be read' }
      : undefined;
  }
}
