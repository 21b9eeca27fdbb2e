import type { FilesystemFact } from '../../model/facts.ts';
import { parsePasswd } from '../../model/passwd.ts';
import { parseOsRelease } from '../os-release.ts';
import type { FileTree } from './file-tree.ts';
import { isManagerFile, mayBeManagerFile } from './known-files.ts';
import type { Place } from './place.ts';
import { placedFiles } from './placed-files.ts';

const EXECUTE = 0o111;
const ELEVATED = 0o6000;

/** Places of note, by their ids. */
class Gathered {
  readonly executables: number[] = [];
  readonly elevated: number[] = [];
  readonly managerFiles: number[] = [];
  fileCount = 0;

  add(place: Place, tree: FileTree): void {
    const { id, kind } = place;
    if (kind === 'd') return;
    this.fileCount += 1;
    const led = tree.ledTo(place);
    if (led === 'outside') {
      this.executables.push(id);
      return;
    }
    const attributes = led?.content?.attributes;
    if (attributes === undefined) return;
    const { mode, executable, capabilities } = attributes;
    if ((mode & EXECUTE) !== 0 && executable !== undefined) this.executables.push(id);
    if (kind === 'l') return;
    if ((mode & ELEVATED) !== 0 || capabilities !== undefined) this.elevated.push(id);
    if (isManager(place)) this.managerFiles.push(id);
  }
}

function isManager(place: Place): boolean {
  return mayBeManagerFile(place.name) && isManagerFile(place.path);
}

export const PASSWD = 'etc/passwd';
export const OS_RELEASES = ['etc/os-release', 'usr/lib/os-release'];

/** The text of a small file as the final filesystem has it, links followed. */
function textOf(tree: FileTree, path: string): string | undefined {
  return tree.find(path, true)?.content?.attributes?.text;
}

/**
 * The final filesystem as criteria see it; lists are ordered by path, whatever the order of the
 * layers' entries. `mostKept`: files of a list that are kept, above which each is made when it is
 * asked for.
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
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}
