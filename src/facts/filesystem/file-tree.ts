import { UserError } from '../../model/errors.ts';
import type { PlacedLayer } from '../layer-facts.ts';
import { readPathList } from './path-list.ts';
import { MOST_PLACES, Place, tooMuch, walkPath } from './place.ts';

/**
 * The final filesystem of layers put on each other, as overlayfs shows them: each is a folder of
 * its own (`LayerTree`), folders of one path are one, anything else hides what lies below it.
 */
export class FileTree {
  readonly #layers: readonly PlacedLayer[];
  readonly #root = new Place('', undefined, 'd');
  readonly #most: number;
  #places = 0;

  /** `layers`: lowest first. Throws UserError where they have more than `most` places together. */
  constructor(layers: readonly PlacedLayer[], most = MOST_PLACES) {
    this.#layers = layers;
    this.#most = most;
    if (layers[0]?.facts.needsLower === true)
      throw new UserError(
        'engines differ in what the marks of removed files in the lowest layer of the image do: build the image again',
      );
    for (const layer of layers) this.#apply(layer);
  }

  /**
   * The place that a path means in the image, links in its folders followed; its last part is
   * followed where `follow` says so. As an engine looks before it runs a container: nothing is
   * mounted on /proc as yet.
   */
  find(path: string, follow: boolean): Place | undefined {
    const found = walkPath(this.#root, path, follow);
    return found === 'outside' ? undefined : found;
  }

  /**
   * Where a process in the container gets by a symbolic link, any other place itself; undefined
   * where nothing is, 'outside' where that is not in the image.
   */
  ledTo(place: Place): Place | 'outside' | undefined {
    return place.kind === 'l' ? walkPath(this.#root, place.path, true, true) : place;
  }

  /** True where a layer has a program whose content was not read. */
  get hasUnread(): boolean {
    return this.#layers.some(({ facts }) => facts.attributes.some(({ unread }) => unread === true));
  }

  /** Each place, folders before what they contain. */
  places(): Iterable<Place> {
    return this.#root.below();
  }

  #apply({ digest, facts }: PlacedLayer): void {
    const folders = [this.#root];
    const lines: Place[] = [];
    const hardLinks: (readonly [Place, number])[] = [];
    for (const { depth, kind, size, attributes, name, link } of readPathList(facts)) {
      const folder = folders[depth];
      if (folder?.children === undefined) throw new Error('a list of paths is damaged');
      const before = folder.children.get(name);
      if (kind === 'd' && before?.kind === 'd') {
        before.layer = digest;
        before.attributes = attributes;
        folders[depth + 1] = before;
        lines.push(before);
        continue;
      }
      const place = new Place(name, folder, kind === 'o' ? 'd' : kind, digest);
      lines.push(place);
      // What replaces another comes last: lists name what lower layers have first.
      folder.children.delete(name);
      if (kind === 'w') continue;
      if (++this.#places > this.#most) throw tooMuch(this.#most, 'files and folders');
      place.size = size;
      place.attributes = attributes;
      if (kind === 'l') place.link = link;
      if (kind === 'h') hardLinks.push([place, Number(link)]);
      folder.children.set(name, place);
      folders[depth + 1] = place;
    }
    for (const [place, line] of hardLinks) place.target = lines[line];
  }
}
