import { createHash } from 'node:crypto';

const LIST = /^var\/lib\/dpkg\/(?:info\/[^/]+\.md5sums|status\.d\/[^/]+\.md5sums)$/;
/** Where distributions put files, and who packs an application of their own seldom does: that goes to /opt, /srv, /etc, /usr/local. */
const PLACE = /^usr\/(?!local\/)|^lib(?:64)?\//;
const MOST_KEPT = 32 * 1024 * 1024;

/**
 * What the lists of Debian's packages in a layer say of its files: one that is there bit for bit as its package ships it is published, and
 * what looks like a secret in it everybody has. Lists that are too many are not kept: their files then count as any other.
 */
export class PackageLists {
  readonly #lists: Buffer[] = [];
  #kept = 0;

  /** True for the list of a package. */
  static matches(path: string): boolean {
    return LIST.test(path);
  }

  add(content: Uint8Array): void {
    this.#kept += content.length;
    if (this.#kept <= MOST_KEPT) this.#lists.push(Buffer.from(content));
  }

  /** The hash to ask with of a file that a package may have brought; undefined for other files. */
  static hash(path: string, content: Uint8Array): string | undefined {
    return PLACE.test(path) ? createHash('md5').update(content).digest('hex') : undefined;
  }

  /** True where a package of the layer lists the file with this hash. */
  lists(path: string, hash: string): boolean {
    const line = `${hash}  ${path}\n`;
    return this.#lists.some((list) => list.includes(line, 0, 'latin1'));
  }
}
