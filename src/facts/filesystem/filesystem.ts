import type { FileFact, FilesystemFact } from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import { parsePasswd } from '../../model/passwd.ts';
import type { FileAttributes } from '../layer-facts.ts';
import { parseOsRelease } from '../os-release.ts';
import type { FileTree } from './file-tree.ts';
import { isManagerFile, mayBeManagerFile } from './known-files.ts';
import type { Place } from './place.ts';

export const EXECUTE = 0o111;
/** setuid and setgid. */
export const ELEVATED = 0o6000;

export const PASSWD = 'etc/passwd';
export const OS_RELEASES = ['etc/os-release', 'usr/lib/os-release'];

/** The final filesystem as criteria see it; lists are ordered by path. */
export function filesystemFact(tree: FileTree): FilesystemFact {
  const executables: FileFact[] = [];
  const elevated: FileFact[] = [];
  const managerFiles: FileFact[] = [];
  let fileCount = 0;
  for (const place of tree.places()) {
    const { kind, name } = place;
    if (kind === 'd') continue;
    fileCount += 1;
    const led = tree.ledTo(place);
    if (led === 'outside') {
      executables.push(linkFact(place, `${place.link}, which leads out of the image`));
      continue;
    }
    const content = led?.content;
    const attributes = content?.attributes;
    if (content === undefined || attributes === undefined) continue;
    const isExecutable = (attributes.mode & EXECUTE) !== 0 && attributes.executable !== undefined;
    if (kind === 'l') {
      if (isExecutable)
        executables.push({ ...linkFact(place, content.path), ...ofContent(attributes) });
      continue;
    }
    const isElevated = (attributes.mode & ELEVATED) !== 0 || attributes.capabilities !== undefined;
    const isManager = mayBeManagerFile(name) && isManagerFile(place.path);
    if (!isExecutable && !isElevated && !isManager) continue;
    const file = fileFact(place, content.size, attributes);
    if (isExecutable) executables.push(file);
    if (isElevated) elevated.push(file);
    if (isManager) managerFiles.push(file);
  }
  const passwd = textOf(tree, PASSWD);
  const osRelease = OS_RELEASES.map((path) => textOf(tree, path)).find((one) => one !== undefined);
  return {
    executables: executables.sort(byPath),
    elevated: elevated.sort(byPath),
    managerFiles: managerFiles.sort(byPath),
    fileCount,
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}

/** The text of a small file as the final filesystem has it, links followed. */
function textOf(tree: FileTree, path: string): string | undefined {
  return tree.find(path, true)?.content?.attributes?.text;
}

function byPath(a: FileFact, b: FileFact): number {
  return byCodeUnit(a.path, b.path);
}

function fileFact(place: Place, size: number, attributes: FileAttributes): FileFact {
  // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
  const { mode, uid, gid, capabilities } = attributes;
  const { path, kind, layer } = place;
  return {
    path,
    type: kind === 'h' ? 'hardlink' : 'file',
    mode,
    uid,
    gid,
    size,
    layer,
    ...ofContent(attributes),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

function linkFact(place: Place, resolved: string): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = place.attributes ?? {};
  const { path, layer } = place;
  return { path, type: 'symlink', mode, uid, gid, size: 0, resolved, layer };
}

/** Fields that describe the bytes, under whatever name. */
function ofContent({ executable, multicall, shell }: FileAttributes): Partial<FileFact> {
  return {
    ...(executable === undefined ? {} : { executable }),
    ...(multicall === undefined ? {} : { multicall }),
    ...(shell === undefined ? {} : { shell }),
  };
}
