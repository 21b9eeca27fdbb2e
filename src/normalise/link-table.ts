import type { TarEntry } from '../model/tar.ts';

/** What a link to a left-out file becomes: a link to the file's heir, or, if first, that heir. */
type LinkTarget =
  | { readonly kind: 'moved'; readonly linkname: string }
  | { readonly kind: 'heir'; readonly entry: TarEntry; readonly content: ContentPlace };

/** Where a file's content is: its entry's number, from 0, and, if known, its archive byte. */
export interface ContentPlace {
  readonly position: number;
  readonly start: number | undefined;
}

interface Dropped {
  readonly entry: TarEntry;
  readonly content: ContentPlace;
  heir?: string;
}

/** Files that were left out and may still be linked to by entries that are kept. */
export class LinkTable {
  readonly #files = new Map<string, Dropped>();

  dropped(path: string, entry: TarEntry, content: ContentPlace): void {
    this.#files.set(path, { entry, content });
  }

  /** A link that was left out: what leads to it means the same file. */
  alias(path: string, target: string | undefined): void {
    const file = target === undefined ? undefined : this.#files.get(target);
    if (file !== undefined) this.#files.set(path, file);
  }

  /** What the kept link `name` to `target` must become; undefined where its file is still there. */
  resolve(target: string | undefined, name: string): LinkTarget | undefined {
    const file = target === undefined ? undefined : this.#files.get(target);
    if (file === undefined) return undefined;
    if (file.heir !== undefined) return { kind: 'moved', linkname: file.heir };
    file.heir = name;
    return { kind: 'heir', entry: file.entry, content: file.content };
  }
}
