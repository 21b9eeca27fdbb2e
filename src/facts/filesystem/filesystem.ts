import type { FilesystemFact } from '../../model/facts.ts';
import { parseOsRelease } from '../os-release.ts';
import type { FileTree } from './file-tree.ts';
import { isManagerFile, mayBeManagerFile } from './known-files.ts';
import { parsePasswd } from './passwd.ts';
import { placedFiles } from './placed-files.ts';
import type { TreePlaces } from './tree-places.ts';
import { OUTSIDE } from './walk-path.ts';

const EXECUTE = 0o111;
const ELEVATED = 0o6000;

/** Places of note, by their number. */
class Gathered {
  readonly executables: number[] = [];
  readonly elevated: number[] = [];
  readonly managerFiles: number[] = [];
  fileCount = 0;
  totalSize = 0;

  add(place: number, tree: FileTree): void {
    const { places } = tree;
    const kind = places.kindOf(place);
    if (kind === 'd') return;
    this.fileCount += 1;
    this.totalSize += places.sizeOf(place);
    const led = tree.ledTo(place);
    if (led === OUTSIDE) this.executables.push(place);
    const attributes = places.attributesOf(places.contentOf(led));
    if (attributes === undefined) return;
    const { mode, executable, capabilities } = attributes;
    if ((mode & EXECUTE) !== 0 && executable !== undefined) this.executables.push(place);
    if (kind === 'l') return;
    if ((mode & ELEVATED) !== 0 || capabilities !== undefined) this.elevated.push(place);
    if (isManager(places, place)) this.managerFiles.push(place);
  }
}

function isManager(places: TreePlaces, place: number): boolean {
  return mayBeManagerFile(places.nameOf(place)) && isManagerFile(places.pathOf(place));
}

export const PASSWD = 'etc/passwd';
export const OS_RELEASES = ['etc/os-release', 'usr/lib/os-release'];

/** The text of a small file as the final filesystem has it, links followed. */
function textOf(tree: FileTree, path: string): string | undefined {
  const { places } = tree;
  return places.attributesOf(places.contentOf(tree.placeAt(path, true)))?.text;
}

/**
 * The final filesystem as criteria see it; lists are ordered by path, whatever the order of the layers' entries. `mostKept`: files of a
 * list that are kept, above which each is made when it is asked for.
 */
export function filesystemFact(tree: FileTree, mostKept?: number): FilesystemFact {
  const gathered = new Gathered();
  tree.forEach((place) => {
    gathered.add(place, tree);
  });
  const passwd = textOf(tree, PASSWD);
  const osRelease = textOf(tree, 'etc/os-release') ?? textOf(tree, 'usr/lib/os-release');
  return {
    executables: placedFiles(tree, gathered.executables, mostKept),
    elevated: placedFiles(tree, gathered.elevated, mostKept),
    managerFiles: placedFiles(tree, gathered.managerFiles, mostKept),
    fileCount: gathered.fileCount,
    totalSize: gathered.totalSize,
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}
