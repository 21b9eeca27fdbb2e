import type { BuildContext } from '../../model/build-context.ts';
import type { Instruction } from '../../model/dockerfile.ts';
import { fileName } from '../../model/path.ts';
import { mountsOf } from '../external-image.ts';
import { folderOfPattern, pathIn } from '../shell/shell-state.ts';
import { contextContent, contextFolder } from './context-source.ts';
import { FileEntries, HOLDS_PROGRAMS, isWithin, maybe, NOT_AT_HAND } from './file-entries.ts';
import { type FileContent, type FileSource, type FolderSource, unread } from './file-entries.ts';
import type { LookupBudget } from './file-entries.ts';

export type { FileContent, LookupBudget };

const ARCHIVE = /\.(?:tar|tgz|tbz2?|txz|tar\.\w+|zip|tar\.[a-z0-9]+)$/i;
const MAX_CHAIN = 64;
const PATH_MAX = 4096;
const MAX_WRITTEN = 262_144;
const NOW = Number.MAX_SAFE_INTEGER; // behind all commands

/** Files that instructions and commands put into a stage, as far as Dockerfile and context tell. */
export class StageFiles {
  readonly #entries = new FileEntries();
  readonly #context: BuildContext | undefined;
  readonly #base: StageFiles | undefined;
  readonly #stage: (from: string) => StageFiles | undefined;
  readonly #budget: LookupBudget;
  /** PATH as instructions of this very stage put it together. */
  ownProgramPath: string | undefined;
  scriptedFrom = Infinity; // the first command that may have written files of any name

  /** `base` is the stage that this one is built on; `stage` finds one by what `--from` says. */
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
  }

  /** PATH over that of the base image; undefined where it is that. */
  get programPath(): string | undefined {
    return this.ownProgramPath ?? this.#base?.programPath;
  }

  /** Takes steps of the budget; false once it is used up, and nothing is known of any file. */
  spend(steps: number): boolean {
    this.#budget.steps -= steps;
    return this.#budget.steps > 0;
  }

  /** What is at a path when command number `at` runs; a relative path is in an unknown folder. */
  at(path: string, at = NOW, depth = 0): FileContent | undefined {
    const isOver = depth > MAX_CHAIN || path.length > PATH_MAX || this.#entries.isOver;
    if (!this.spend(isOver ? Infinity : 1 + path.length / 8))
      return maybe('is one of more files than are followed');
    for (const { entry, below } of this.#entries.over(path, at)) {
      if (!this.spend(1)) break;
      const found = entry.source(below, depth + 1);
      if (found !== undefined) return found;
    }
    return this.#base?.at(path, NOW, depth + 1);
  }

  /** The same by a name, where a folder is not known: the newest that ends in it. */
  named(path: string, at = NOW): FileContent | undefined {
    const exact = this.at(path, at);
    if (exact?.kind === 'text' || path.includes('$')) return exact;
    const named = this.#entries.named(fileName(path), at);
    if (named !== undefined) return named.source('', 1);
    for (const entry of this.#entries.contextFolders.slice(-16).reverse()) {
      if (entry.from > at || at >= entry.until || !this.spend(1)) continue;
      const found = entry.source(path.startsWith('/') ? fileName(path) : path, 1);
      if (found?.kind === 'text') return found;
    }
    return exact ?? this.#base?.named(path);
  }

  /** Names of all that the build put into a folder; undefined where not all of them are known. */
  names(folder: string, at = NOW): readonly string[] | undefined {
    this.spend(1 + this.#entries.count);
    const own = this.scriptedFrom < at ? undefined : this.#entries.names(folder, at);
    const below = this.#base === undefined ? [] : this.#base.names(folder);
    return own && below && [...new Set([...own, ...below])];
  }

  /** Paths like this at which files were put one by one. */
  put(pattern: RegExp, at = NOW): readonly string[] {
    this.spend(1 + this.#entries.count / 16);
    return [...this.#entries.put(pattern, at), ...(this.#base?.put(pattern) ?? [])];
  }

  /** A file that may be at a path: a part of its own or of this one (`$X/bin/ls`) is unknown. */
  open(path: string, at = NOW): FileContent | undefined {
    this.spend(1);
    return this.#entries.open(path, at) ?? this.#base?.open(path);
  }

  /** True where a context folder or archive may overlap this folder, so not all is downloaded. */
  holdsContext(folder: string): boolean {
    if (!this.spend(1 + this.#entries.contextFolders.length)) return true;
    const own = this.#entries.contextFolders.some(
      ({ path }) =>
        !folder.startsWith('/') ||
        !path.startsWith('/') ||
        isWithin(folder, path) ||
        isWithin(path, folder),
    );
    return own || this.#base?.holdsContext(folder) === true;
  }

  /** Takes note of a COPY or an ADD, seen by commands from number `from` on. */
  copy(instruction: Instruction, folder: string, from: number): void {
    const sources = instruction.arguments.slice(0, -1);
    const to = instruction.arguments.at(-1) ?? '';
    const place = pathIn(folder, to);
    const toFolder = to.endsWith('/') || to === '.' || sources.length > 1;
    const at = (name: string): string => (toFolder ? pathIn(place || '.', name) || name : place);
    for (const { delimiter, content } of instruction.heredocs)
      this.#file(at(delimiter), { kind: 'text', text: content, origin: 'build' }, from);
    const stage = instruction.flags.find(({ name }) => name === 'from')?.value;
    for (const source of sources) {
      if (source.startsWith('<<')) continue;
      if (stage !== undefined) this.#fromStage(stage, source, place, at(fileName(source)), from);
      else if (/^(?:https?|git|ssh):\/\/|^git@/.test(source))
        this.#file(at(fileName(source)), unread('is a download'), from);
      else this.#fromContext(source, place, { at, unpacks: instruction.keyword === 'ADD' }, from);
    }
  }

  /** The bind mounts of a RUN; gives what takes them away again before command number `until`. */
  mount(instruction: Instruction, folder: string, from: number): (until: number) => void {
    const before = this.#entries.count;
    for (const options of mountsOf(instruction)) {
      const { type = 'bind', target = '', source = '.', from: stage = '' } = options;
      if (type !== 'bind') continue;
      const place = pathIn(folder, target);
      if (stage !== '') this.#fromStage(stage, source, place, place, from);
      else this.#fromContext(source, place, { at: () => place, unpacks: false }, from);
    }
    const after = this.#entries.count;
    return (until) => {
      this.#entries.end(before, after, until);
    };
  }

  /** A command wrote a file; `appends` where what it held before may still be in front. */
  write(path: string, text: string | undefined, by: string, appends: boolean, from: number): void {
    const before = appends ? this.at(path, from - 1) : undefined;
    if (text === undefined || (before !== undefined && before.kind !== 'text')) {
      const isKept = text !== undefined && before !== undefined;
      this.#file(path, isKept ? before : unread(`is written by ${by}`), from);
      return;
    }
    const kept = before?.text ?? '';
    const joint = kept === '' || kept.endsWith('\n') ? '' : '\n';
    const content: FileContent =
      kept.length + text.length > MAX_WRITTEN
        ? unread('is larger than is read')
        : { kind: 'text', text: `${kept}${joint}${text}`, origin: 'build' };
    this.#file(path, content, from);
  }

  /** A command changed a file, or made one of another, in a way that is not followed. */
  change(path: string, why: string, from: number): void {
    this.#file(path, unread(why), from);
  }

  /** `cp`, `mv`, `ln` and `install`: what lies at `source` lies at `place` too. */
  alias(source: string, place: string, from: number): void {
    // What was there before a command does not change any more.
    const known = new Map<string, FileContent | undefined>();
    const follow: FileSource = (below, depth) => {
      if (known.has(below)) return known.get(below);
      const found = this.at(pathIn(source, below), from - 1, depth);
      known.set(below, found);
      return found;
    };
    this.#folder(place, from, { source: follow });
  }

  /** Something was unpacked into a folder; what the build itself brought may hold any program. */
  unpack(folder: string, why: string, hides: boolean, from: number): void {
    this.#folder(folder, from, { source: () => maybe(why, false, hides) });
  }

  #folder(path: string, from: number, folder: FolderSource): void {
    this.#entries.push({ from, path, isFolder: true, ofContext: false, ...folder });
  }

  #file(path: string, content: FileContent | FileSource, from: number): void {
    const source = typeof content === 'function' ? content : () => content;
    this.#entries.push({ from, path, isFolder: false, ofContext: false, source });
  }

  #fromStage(stage: string, source: string, place: string, file: string, from: number): void {
    const files = this.#stage(stage);
    const path = pathIn('/', source);
    const why = `comes from ${stage.replace(/[^\w./:@-]/g, '?').slice(0, 80)}`;
    this.#folder(place, from, {
      ofContext: files?.holdsContext(path) === true,
      source: (below, depth) =>
        files?.at(pathIn(path, below || '.'), NOW, depth) ??
        maybe(why, files !== undefined, HOLDS_PROGRAMS.test(path)),
      names: (below) => files?.names(pathIn(path, below || '.')),
    });
    // A file that takes the name of another program does not tell by it what it is.
    if (file === place && fileName(source) === fileName(place)) return;
    const content: FileSource = (_, depth) => {
      const found = files?.at(path, NOW, depth);
      return found === undefined || (found.kind === 'maybe' && file === place)
        ? unread(why)
        : found;
    };
    if (file === place || files?.at(path) !== undefined) this.#file(file, content, from);
  }

  #fromContext(
    written: string,
    place: string,
    { at, unpacks }: { readonly at: (name: string) => string; readonly unpacks: boolean },
    from: number,
  ): void {
    const source = pathIn('', written.replace(/^\/+/, ''));
    if (unpacks && ARCHIVE.test(source)) {
      const why = `may come from ${fileName(source)}, which is not unpacked here`;
      this.#folder(place, from, { ofContext: true, source: () => maybe(why, false, true) });
      return;
    }
    const pattern = source.includes('*') || source.includes('?') || source.includes('[');
    const root = pattern ? folderOfPattern(source).replace(/\/$/, '') : source;
    const context = this.#context;
    const spend = (steps: number): boolean => this.spend(steps);
    const kind = root === '' ? 'folder' : context?.kind(root);
    const isFile = !pattern && kind === 'file';
    const looksFile = context === undefined && !pattern && fileName(source).includes('.');
    if (isFile || (looksFile && source !== '')) {
      this.#file(at(fileName(source)), () => contextContent(context, source, spend), from);
      return;
    }
    this.#folder(place, from, contextFolder(context, root, spend));
    const name = fileName(source);
    if (context === undefined && !pattern && name !== '')
      this.#file(at(name), maybe(NOT_AT_HAND), from);
  }
}
