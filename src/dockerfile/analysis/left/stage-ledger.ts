import type { SourceRange } from '../../../model/dockerfile.ts';
import type { ElevatedFile, LeftContent, LeftFile } from '../../../model/left-behind.ts';
import { fileName } from '../../../model/path.ts';
import { pathIn } from '../../paths.ts';
import { isWithin } from '../stage-files.ts';

/** More than a person's Dockerfile leaves. */
const MOST = 2000;

interface Entry {
  /** The places that it may lie at, the likeliest first. */
  readonly paths: readonly string[];
  readonly range: SourceRange;
  readonly open?: string;
}

interface FileEntry extends Entry {
  readonly content: LeftContent;
}

interface ElevatedEntry extends Entry {
  readonly bits: ElevatedFile['bits'];
}

/** A folder of whoever runs the command: all of them are one here. */
const HOME = /^(?:~|\$\{?HOME\}?|\/root|\/home\/[\w.-]+)(?=\/|$)/;

function inHome(path: string): string {
  return path.replace(HOME, '/root');
}

/** The paths that a word names: itself and all below, or those that a `*` in it stands for. */
export class Named {
  readonly #text: string;
  readonly #around: readonly [string, string] | undefined;

  constructor(path: string) {
    this.#text = inHome(path);
    const star = this.#text.search(/[*?[]/);
    const end = Math.max(...['*', '?', ']'].map((sign) => this.#text.lastIndexOf(sign)));
    this.#around = star < 0 ? undefined : [this.#text.slice(0, star), this.#text.slice(end + 1)];
  }

  holds(path: string): boolean {
    const own = inHome(path);
    if (this.#around === undefined) return isWithin(own, this.#text);
    const [before, behind] = this.#around;
    return own.startsWith(before) && (own.endsWith(behind) || own.includes(`${behind}/`));
  }

  /** The part of a folder that it names; undefined where it names none in it. */
  below(folder: string): string | undefined {
    const own = inHome(folder);
    return this.#around === undefined && this.#text !== own && isWithin(this.#text, own)
      ? this.#text.slice(own === '/' ? 1 : own.length + 1)
      : undefined;
  }
}

/** What a criterion looks for that instructions put into a stage so far, minus what is gone. */
export class StageLedger {
  #files: readonly FileEntry[] = [];
  #elevated: readonly ElevatedEntry[] = [];
  readonly users = new Map<string, number>();
  readonly folders = new Set<string>();

  constructor(base?: StageLedger) {
    if (base === undefined) return;
    this.#files = base.#files;
    this.#elevated = base.#elevated;
    this.users = new Map(base.users);
    this.folders = new Set(base.folders);
  }

  put(path: string, content: LeftContent, range: SourceRange, open?: string): void {
    const entry = { paths: [path], content, range, ...(open === undefined ? {} : { open }) };
    if (this.#files.length < MOST) this.#files = [...this.#files, entry];
  }

  elevate(path: string, bits: string, range: SourceRange, open?: string): void {
    const entry = { paths: [path], bits, range, ...(open === undefined ? {} : { open }) };
    if (this.#elevated.length < MOST) this.#elevated = [...this.#elevated, entry];
  }

  /** Takes bits from what a word names. */
  lower(named: Named, bits: (bits: string) => boolean): void {
    this.#elevated = this.#elevated.filter(
      (one) => !(bits(one.bits) && one.paths.some((path) => named.holds(path))),
    );
  }

  /** Removes what a word names; for an unknown word, all entries become uncertain, for `why`. */
  remove(named: Named | undefined, why: string): void {
    const isGone = ({ paths }: Entry): boolean =>
      named !== undefined && paths.some((path) => named.holds(path));
    const left = <T extends Entry>(entries: readonly T[]): readonly T[] =>
      named === undefined
        ? entries.map((one) => ({ ...one, open: one.open ?? why }))
        : entries.filter((one) => !isGone(one));
    this.#elevated = left(this.#elevated);
    this.#files = left(this.#files).map((one) => {
      const below = named?.below(one.paths[0] ?? '');
      if (one.content.kind !== 'context' || below === undefined) return one;
      const { without } = one.content;
      return { ...one, content: { ...one.content, without: [...without, below] } };
    });
  }

  /** Copies `source` of `from` to `place`; `mode` tells what a copy keeps of elevated bits. */
  bring(
    from: StageLedger,
    { source, place }: { readonly source: string; readonly place: string },
    { range, mode }: { readonly range?: SourceRange; readonly mode: 'kept' | 'lost' | 'open' },
  ): void {
    const copies = copiesOf(inHome(source), inHome(place));
    const moved = <T extends Entry>(entries: readonly T[]): readonly T[] =>
      entries.flatMap((one) => {
        const paths = one.paths.flatMap((path) => copies(inHome(path)));
        return paths.length === 0 ? [] : [{ ...one, paths, range: range ?? one.range }];
      });
    const named = new Named(source);
    const parts = from.#files.flatMap((one): readonly FileEntry[] => {
      const below = named.below(one.paths[0] ?? '');
      if (one.content.kind !== 'context' || below === undefined) return [];
      const content = partOf(one.content, below);
      const to = place.endsWith('/') ? `${place}${fileName(source)}` : place;
      return content === undefined
        ? []
        : [{ ...one, paths: [to], content, range: range ?? one.range }];
    });
    this.#files = [...this.#files, ...moved(from.#files), ...parts].slice(0, MOST);
    if (mode === 'lost') return;
    const elevated = moved(from.#elevated).map((one) =>
      mode === 'open' ? { ...one, open: one.open ?? 'cp keeps it or not' } : one,
    );
    this.#elevated = [...this.#elevated, ...elevated].slice(0, MOST);
  }

  get files(): readonly LeftFile[] {
    return this.#files.map(shown);
  }

  get elevated(): readonly ElevatedFile[] {
    return this.#elevated.map(shown);
  }
}

function shown<T extends Entry>({ paths, ...rest }: T): Omit<T, 'paths'> & { path: string } {
  return { ...rest, path: paths[0] ?? '' };
}

/** A file or folder within a folder of the context; undefined where it is gone. */
function partOf(
  content: LeftContent & { readonly kind: 'context' },
  below: string,
): LeftContent | undefined {
  const { source, without } = content;
  if (without.some((path) => isWithin(below, path))) return undefined;
  const inside = without.flatMap((path) =>
    path.startsWith(`${below}/`) ? [path.slice(below.length + 1)] : [],
  );
  return {
    kind: 'context',
    source: source === '' ? below : `${source}/${below}`,
    without: inside,
  };
}

/**
 * Where a file lies behind a copy: at the place, or in it; nowhere where the copy does not take it.
 */
function copiesOf(from: string, to: string): (path: string) => readonly string[] {
  const source = pathIn('/', from);
  const star = source.indexOf('*');
  const around = [source.slice(0, star), source.slice(source.lastIndexOf('*') + 1)] as const;
  const place = pathIn('/', to);
  const within = source === '/' ? '/' : `${source}/`;
  return (path) => {
    if (path.startsWith(within)) return [pathIn('/', `${place}/${path.slice(within.length)}`)];
    const isTaken =
      star < 0 ? path === source : path.startsWith(around[0]) && path.endsWith(around[1]);
    if (!isTaken) return [];
    const inFolder = pathIn('/', `${place}/${fileName(path)}`);
    return star >= 0 || to.endsWith('/') || to === '.' ? [inFolder] : [place, inFolder];
  };
}
