import { NONE, type PlaceKind } from './columns/places.ts';

/** As Linux: a path that leads over more is taken for a loop. */
export const MAX_LINKS = 40;

/** What a walk asks of the places it goes through. */
interface WalkedPlaces {
  find(folder: number, name: string): number;
  kindOf(place: number): PlaceKind;
  linkOf(place: number): string;
}

/** In place of a number: what a kernel or a runtime puts there once the container runs. */
export const OUTSIDE = -2;
/** Root folders that every runtime mounts over: links into them resolve when the container runs. */
const MOUNTED = new Set(['proc', 'dev', 'sys']);

/** Devices of each container, never executed (OCI runtime specification, "Default Devices"). */
const DEVICE = /^dev\/+(?:null|zero|full|random|urandom|tty|ptmx)$/;

/** Where processes see their own root (proc(5)): a link through it leads back into the image. */
const OWN_ROOT = /^proc\/+(?:self|thread-self|\d+)(?:\/+task\/+\d+)?\/+root(?=\/|$)/;

/**
 * The place a path leads to, as a kernel walks: links in its folders are followed, its last part
 * where `follow` says so, `..` leaves the folder that a link led into, and none leaves the root.
 * NONE where nothing is. Nothing is put together or split beforehand: links that lead to each other
 * cost no more than their number. `isRunning`: as a process in the container walks, OUTSIDE where a
 * link leads to what is not in the image; without it as an engine does before anything is mounted.
 */
export function walkPath(
  places: WalkedPlaces,
  root: number,
  path: string,
  follow: boolean,
  isRunning = false,
): number {
  const folders: number[] = [root];
  let links = 0;
  let missed: number = NONE;
  const go = (text: string, followLast: boolean): boolean => {
    for (let start = nextPart(text, 0); start < text.length;) {
      const slash = text.indexOf('/', start);
      let end = slash < 0 ? text.length : slash;
      const part = text.slice(start, end);
      const isMounted = isRunning && links > 0 && folders.length === 1 && MOUNTED.has(part);
      const own = isMounted ? OWN_ROOT.exec(text.slice(start)) : null;
      if (own !== null) end = start + own[0].length;
      else if (isMounted) {
        missed = DEVICE.test(text.slice(start)) ? NONE : OUTSIDE;
        return false;
      }
      start = nextPart(text, end);
      if (own !== null || part === '.') continue;
      const folder = folders.at(-1) ?? root;
      if (places.kindOf(folder) !== 'd') return false;
      if (part === '..') {
        if (folders.length > 1) folders.pop();
        continue;
      }
      const place = places.find(folder, part);
      if (place === NONE) return false;
      if (places.kindOf(place) !== 'l' || (start >= text.length && !followLast))
        folders.push(place);
      else {
        const link = places.linkOf(place);
        if (++links > MAX_LINKS) return false;
        if (link.startsWith('/')) folders.length = 1;
        if (!go(link, true)) return false;
      }
    }
    return true;
  };
  return go(path, follow) ? (folders.at(-1) ?? NONE) : missed;
}

/** Where the next part begins, at `from` or behind the slashes that stand there. */
function nextPart(text: string, from: number): number {
  let start = from;
  while (text.charCodeAt(start) === 0x2f) start += 1;
  return start;
}
