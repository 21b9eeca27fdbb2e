import { byCodeUnit } from '../lib/text.ts';
import type { LayerEntry, TarEntry } from '../model/image.ts';

/** Matches a path, relative to the image's root. */
export type PathTest = (path: string) => boolean;

/**
 * Matches glob patterns with whole paths. `*` and `?` stay inside a name. `**`, as a whole name,
 * matches any number of names, and at the end at least one. A leading slash means nothing. Takes
 * time in proportion to pattern times path for any input.
 */
export function pathPattern(...patterns: readonly string[]): PathTest {
  const globs = patterns.map(toGlob);
  return (path) => {
    let names: string[] | undefined;
    return globs.some((glob) => {
      if (!path.startsWith(glob.literal)) return false;
      names ??= path.split('/');
      return matches(glob.names, names, '**', isName);
    });
  };
}

/** The same for those of the patterns that mean all that is below a folder (`FOLDER/**`). */
export function treePattern(...patterns: readonly string[]): PathTest {
  return pathPattern(...patterns.filter((pattern) => pattern.endsWith('/**')));
}

interface Glob {
  readonly names: readonly string[];
  /** The text before the first special character, which excludes most paths. */
  readonly literal: string;
}

function toGlob(pattern: string): Glob {
  const names = pattern.replace(/^\/+/, '').split('/');
  if (names.at(-1) === '**') names.push('*');
  return { names, literal: /^[^*?]*/.exec(names.join('/'))?.[0] ?? '' };
}

function isName(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  return matches(
    Array.from(pattern),
    Array.from(name),
    '*',
    (one, letter) => one === '?' || one === letter,
  );
}

/** Glob matching that goes back to the last star only: an earlier one never needs to take more. */
function matches(
  pattern: readonly string[],
  items: readonly string[],
  star: string,
  isSame: (pattern: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let afterStar = -1;
  let taken = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === star) {
      afterStar = ++at;
      taken = item;
    } else if (wanted !== undefined && isSame(wanted, items[item] ?? '')) {
      at++;
      item++;
    } else if (afterStar >= 0) {
      at = afterStar;
      item = ++taken;
    } else return false;
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}

/** A stamp: a file that contains another's modification time, and is valid while the two agree. */
interface Stamp {
  /** Seconds as found and as written. */
  readonly stored: number;
  readonly written: number;
  /** The other file's size, if the stamp contains that too. */
  readonly size?: number;
}

/** What a layer's times leave for the layers above. Plain JSON, cached with the layer. */
export interface TimeTrail {
  /** Seconds before the epoch in COPY layers, ascending. If they recur, they are the context's. */
  readonly copiedSeconds: readonly number[];
  /** Stamps by the path of their file, where time alone could make a stale one look valid. */
  readonly stamps: Readonly<Record<string, Stamp>>;
}

export const NO_TRAIL: TimeTrail = { copiedSeconds: [], stamps: {} };

/** A context with more times was not checked out by git: the rest stays as it is. */
const MOST_SECONDS = 65_536;

/**
 * Normalizes every time and keeps stamps true to it. A stamp that was valid stays valid. Where both
 * sides of a stale one would become the epoch, and so look valid, the later one in the image is
 * written one second earlier.
 */
export class StampLedger {
  readonly #epoch: number;
  readonly #copied: boolean;
  readonly #fileTime: number;
  readonly #copiedSeconds: ReadonlySet<number>;
  readonly #ownSeconds = new Set<number>();
  readonly #earlier: ReadonlyMap<string, Stamp>;
  readonly #stamps = new Map<string, Stamp>();
  readonly #sources = new Map<string, { before: number; after: number; size: number }>();

  constructor(layer: {
    epoch: number;
    copied: boolean;
    earlier?: TimeTrail | undefined;
    fileTime?: number | undefined;
  }) {
    this.#epoch = layer.epoch;
    this.#fileTime = layer.fileTime ?? Infinity;
    this.#copied = layer.copied;
    const { copiedSeconds, stamps } = layer.earlier ?? NO_TRAIL;
    this.#copiedSeconds = new Set(copiedSeconds);
    this.#earlier = new Map(Object.entries(stamps));
  }

  /** A normalized time: whole seconds, at most the epoch, and the epoch if a COPY brought it. */
  normalised(seconds: number): number {
    const whole = Math.floor(seconds);
    if (this.#copied || whole >= this.#epoch) return this.#epoch;
    return this.#copiedSeconds.has(whole) ? this.#epoch : whole;
  }

  /** An entry's time. `isSource` says that stamps may be of it. */
  timeOf(path: string, mtime: number, size: number, isSource: boolean): number {
    // As the program saw it that wrote the stamp.
    const before = Math.min(Math.floor(mtime), this.#fileTime);
    const after = this.normalised(mtime);
    if (this.#copied && before < this.#epoch && this.#ownSeconds.size < MOST_SECONDS)
      this.#ownSeconds.add(before);
    if (!isSource) return after;
    const yielded = this.#looksValidWrongly(path, before, after, size) ? after - 1 : after;
    this.#sources.set(path, { before, after: yielded, size });
    return yielded;
  }

  /** The new content of a stamp of `source` that contains `stored`. */
  stampOf(source: string, stored: number, size?: number): number {
    const normal = this.normalised(stored);
    const seen = this.#sources.get(source);
    const written = seen === undefined ? normal : stampBeside(seen, stored, normal, size);
    this.#stamps.set(source, { stored, written, ...(size === undefined ? {} : { size }) });
    return written;
  }

  /** What the layers above have to know, this layer and those below taken together. */
  trail(): TimeTrail {
    const seconds = new Set([...this.#copiedSeconds, ...this.#ownSeconds]);
    const stamps = new Map(this.#earlier);
    for (const [path, stamp] of this.#stamps)
      if (stamp.written === stamp.stored && stamp.written !== this.#epoch) stamps.delete(path);
      else stamps.set(path, stamp);
    return {
      copiedSeconds: [...seconds].sort((a, b) => a - b).slice(0, MOST_SECONDS),
      stamps: Object.fromEntries([...stamps].sort(([a], [b]) => byCodeUnit(a, b))),
    };
  }

  #looksValidWrongly(path: string, before: number, after: number, size: number): boolean {
    const own = this.#stamps.get(path);
    const stamp = own ?? this.#earlier.get(path);
    if (stamp?.written !== after || (stamp.size ?? size) !== size) return false;
    // A COPY over a file that was there before brings times that say nothing; recompiling is the
    // safe side.
    const isOverwritten = own === undefined && this.#copied;
    return isOverwritten || stamp.stored !== before;
  }
}

function stampBeside(
  source: { readonly before: number; readonly after: number; readonly size: number },
  stored: number,
  normal: number,
  size: number | undefined,
): number {
  if (source.before === stored) return source.after;
  const looksValid = normal === source.after && (size ?? source.size) === source.size;
  return looksValid ? normal - 1 : normal;
}

export interface RuleContext {
  /** Seconds; no time in the layer is to be later. */
  readonly epoch: number;
  /** The layer is from COPY or ADD: its times are the context's, and all become the epoch. */
  readonly copied: boolean;
  /** Relative to the image's root, as `layerPath` gives it. */
  readonly path: string;
  /** As it was found, before any rule. */
  readonly entry: TarEntry;
  readonly stamps: StampLedger;
}

export interface Finding {
  readonly kind:
    'private-key' | 'certificate' | 'build-date' | 'machine-id' | 'hard-link' | 'too-large';
  readonly remedy: string;
}

/** `docs/normaliser.md` says for each what it changes, and why the image means the same. */
interface RuleFacts {
  readonly id: string;
  readonly mode: 'safe' | 'aggressive';
}

/** Files (and links) that are left out of the layer, or regular files kept with no content. */
export interface PathRule extends RuleFacts {
  readonly kind: 'drop' | 'empty';
  readonly applies: (file: LayerEntry) => boolean;
  /** Folders to leave out as well: only such of which all that is below is left out too. */
  readonly appliesToFolder?: (folder: LayerEntry) => boolean;
}

/** The rule for what `files` (patterns of `pathPattern`) name. */
export function pathRule({
  files,
  ...facts
}: Omit<PathRule, 'applies' | 'appliesToFolder'> & {
  readonly files: readonly string[];
}): PathRule {
  const isMeant = pathPattern(...files);
  const isTree = treePattern(...files);
  return {
    ...facts,
    applies: ({ path }) => isMeant(path),
    appliesToFolder: ({ path }) => isTree(path),
  };
}

/** How a rule finds its files: by path, and by the first bytes if it gives any. */
interface ContentRule extends RuleFacts {
  readonly applies: (
    file: LayerEntry,
    context: { readonly copied: boolean; readonly epoch: number },
  ) => boolean;
  /** Byte sequences of which one has to stand at the start (at most SNIFF_BYTES). */
  readonly startsWith?: readonly Uint8Array[];
}

/** New content for a file; undefined if nothing changes. May change and return its input. */
export interface RewriteRule extends ContentRule {
  readonly kind: 'rewrite';
  readonly rewrite: (bytes: Uint8Array, context: RuleContext) => Uint8Array | undefined;
  /** Needs only this many first bytes and keeps their number; the rest passes at any file size. */
  readonly headBytes?: number;
}

export interface ReportRule extends ContentRule {
  readonly kind: 'report';
  /** Larger files are not checked. */
  readonly largest: number;
  readonly inspect: (bytes: Uint8Array, context: RuleContext) => Finding | undefined;
}

type Rest<R extends Rule> = Omit<R, keyof RuleFacts | 'kind'>;

export function rewriteRule(
  id: string,
  mode: RuleFacts['mode'],
  rest: Rest<RewriteRule>,
): RewriteRule {
  return { id, mode, kind: 'rewrite', ...rest };
}

export function reportRule(
  id: string,
  mode: RuleFacts['mode'],
  rest: Rest<ReportRule>,
): ReportRule {
  return { id, mode, kind: 'report', ...rest };
}

export interface TimeRule extends RuleFacts {
  readonly kind: 'times';
  readonly retime: (entry: TarEntry, context: RuleContext) => TarEntry;
}

export type Rule = PathRule | RewriteRule | ReportRule | TimeRule;

/** Number of first bytes that identify a file. */
export const SNIFF_BYTES = 16;
