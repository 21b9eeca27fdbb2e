import type { FilesystemFact } from '../../model/facts.ts';
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
  totalSize = 0;

  add(place: Place, tree: FileTree): void {
    const { id, kind } = place;
    if (kind === 'd') return;
    this.fileCount += 1;
    this.totalSize += place.size;
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
    totalSize: gathered.totalSize,
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}

/** What Go takes for space around a line. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}+$`, 'g');
const LARGEST = 2n ** 63n - 1n;

/**
 * Names to uids from etc/passwd, as engines read it (moby/sys/user, not passwd(5)): space around a
 * line does not count, `#` is part of a name, a uid that is missing or not a number is 0, and of a
 * number the lower 32 bits count. The first line of a name decides. Names that are not UTF-8 are
 * left out: engines compare bytes, and a text of which bytes became U+FFFD is not what they
 * compare.
 */
export function parsePasswd(text: string): Readonly<Record<string, number>> {
  const users = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.replace(AROUND, '').split(':');
    if (name !== '' && !name.includes('\ufffd') && !users.has(name)) users.set(name, parseUid(uid));
  }
  return Object.fromEntries(users);
}

function parseUid(text: string): number {
  if (!/^[+-]?\d{1,4096}$/.test(text)) return 0;
  const value = BigInt(text.replace(/^\+/, ''));
  const held = value > LARGEST ? LARGEST : value < -LARGEST - 1n ? -LARGEST - 1n : value;
  return Number(BigInt.asUintN(32, held));
}
