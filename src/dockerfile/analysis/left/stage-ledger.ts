import type { SourceRange } from '../../../model/dockerfile.ts';
import type { ElevatedFile, LeftContent, LeftFile } from '../../../model/left-behind.ts';
import { fileName } from '../../../model/path.ts';
import { pathIn } from '../../paths.ts';
import { isWithin } from '../stage-files.ts';

/** More than a person's Dockerfile leaves. */
const MOST = 2000;
/** A folder of the user who runs the command: all of them are one here. */
const HOME = /^(?:~|\$\{?HOME\}?|\/root|\/home\/[\w.-]+)(?=\/|$)/;

/** What lies at a path: content, or the bits that a file has. */
interface Entry {
  /** The places that it may lie at, the likeliest first. */
  readonly paths: readonly string[];
  readonly range: SourceRange;
  readonly what: LeftContent | { readonly kind: 'bits'; readonly bits: string };
  readonly open?: string | undefined;
}

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
  #entries: readonly Entry[] = [];
  readonly users = new Map<string, number>();
  readonly folders = new Set<string>();

  constructor(base?: StageLedger) {
    if (base === undefined) return;
    this.#entries = base.#entries;
    this.users = new Map(base.users);
    this.folders = new Set(base.folders);
  }

  put(path: string, what: Entry['what'], range: SourceRange, open?: string): void {
    if (this.#entries.length < MOST)
      this.#entries = [...this.#entries, { paths: [path], what, range, open }];
  }

  elevate(path: string, bits: string, range: SourceRange, open?: string): void {
    this.put(path, { kind: 'bits', bits }, range, open);
  }

  /** Takes bits from what a word names. */
  lower(named: Named | undefined, isOf: (bits: string) => boolean): void {
    this.#entries = this.#entries.filter(
      ({ what, paths }) =>
        what.kind !== 'bits' || !isOf(what.bits) || !paths.some((path) => named?.holds(path)),
    );
  }

  /** Removes what a word names; for an unknown word, all entries become uncertain, for `why`. */
  remove(named: Named | undefined, why: string): void {
    if (named === undefined) {
      this.#entries = this.#entries.map((one) => ({ ...one, open: one.open ?? why }));
      return;
    }
    this.#entries = this.#entries
      .filter(({ paths }) => !paths.some((path) => named.holds(path)))
      .map((one) => {
        const below = named.below(one.paths[0] ?? '');
        const { what } = one;
        return what.kind !== 'context' || below === undefined
          ? one
          : { ...one, what: { ...what, without: [...what.without, below] } };
      });
  }

  /** Copies `source` of `from` to `place`; `mode` tells what a copy keeps of elevated bits. */
  bring(
    from: StageLedger,
    source: string,
    place: string,
    mode: 'kept' | 'lost' | 'open',
    at?: SourceRange,
  ): void {
    const copies = copiesOf(inHome(source), inHome(place));
    const named = new Named(source);
    const brought = from.#entries.flatMap((one): readonly Entry[] => {
      const { what } = one;
      const range = at ?? one.range;
      const own = what.kind === 'bits' && mode === 'open' ? 'cp keeps it or not' : undefined;
      const paths = one.paths.flatMap((path) => copies(inHome(path)));
      const below = what.kind === 'context' ? named.below(one.paths[0] ?? '') : undefined;
      const part = what.kind === 'context' && below !== undefined ? partOf(what, below) : undefined;
      const to = place.endsWith('/') ? `${place}${fileName(source)}` : place;
      return [
        ...(paths.length === 0 || (what.kind === 'bits' && mode === 'lost')
          ? []
          : [{ ...one, paths, range, open: one.open ?? own }]),
        ...(part === undefined ? [] : [{ ...one, paths: [to], what: part, range }]),
      ];
    });
    this.#entries = [...this.#entries, ...brought].slice(0, MOST);
  }

  get files(): readonly LeftFile[] {
    return this.#entries.flatMap(({ what, ...one }) =>
      what.kind === 'bits' ? [] : [{ ...shown(one), content: what }],
    );
  }

  get elevated(): readonly ElevatedFile[] {
    return this.#entries.flatMap(({ what, ...one }) =>
      what.kind === 'bits' ? [{ ...shown(one), bits: what.bits }] : [],
    );
  }
}

function shown({ paths, range, open }: Omit<Entry, 'what'>) {
  return { path: paths[0] ?? '', range, ...(open === undefined ? {} : { open }) };
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

/** Where a file lies behind a copy: at the place, or in it; nowhere where it is not taken. */
function copiesOf(from: string, to: string): (path: string) => readonly string[] {
  const source = pathIn('/', from);
  const star = source.indexOf('*');
  const [before, behind] = [source.slice(0, star), source.slice(source.lastIndexOf('*') + 1)];
  const place = pathIn('/', to);
  const within = source === '/' ? '/' : `${source}/`;
  return (path) => {
    if (path.startsWith(within)) return [pathIn('/', `${place}/${path.slice(within.length)}`)];
    const isTaken = star < 0 ? path === source : path.startsWith(before) && path.endsWith(behind);
    if (!isTaken) return [];
    const inFolder = pathIn('/', `${place}/${fileName(path)}`);
    return star >= 0 || to.endsWith('/') || to === '.' ? [inFolder] : [place, inFolder];
  };
}
