import { byCodeUnit } from '../model/order.ts';
/** A stamp: a file that holds another's modification time, and is valid while the two agree. */
interface Stamp {
  /** Seconds as found and as written. */
  readonly stored: number;
  readonly written: number;
  /** The other file's size, where the stamp holds that too. */
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

/** More is no checkout: the rest stays as it is. */
const MOST_SECONDS = 65_536;

/**
 * Gives every time its normalised value and keeps stamps true to it. A stamp that was valid stays
 * valid. Where both sides of a stale one would become the epoch, and so look valid, whichever comes
 * later in the image is written one second earlier.
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

  /** What a stamp of `source` that holds `stored` has to hold from now on. */
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
