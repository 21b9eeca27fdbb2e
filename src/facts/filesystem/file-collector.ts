import type { TarEntry } from '../../model/tar.ts';
import type { ContentWish, LayerCollector, LayerEntry } from '../../model/walk.ts';
import type { FileAttributes, LayerFacts } from '../layer-facts.ts';
import { decodeCapabilities } from './capabilities.ts';
import { executableKind, interpreterOf, multicallOf, shellOf } from './executable-kind.ts';
import { isManagerFile } from './known-files.ts';
import { type Known, PathListWriter } from './path-list-writer.ts';
import { listedPath } from './path-list.ts';
import { rootPath } from './root-path.ts';

const HEAD = 256;
/** Sizes between which a file may be a shell, or a busybox that has one: below there is none, above none was ever built. */
const SHELL_FROM = 16 * 1024;
const SHELL_TO = 4 * 1024 * 1024;
const MODE = 0o7777;
const EXECUTE = 0o111;
const ELEVATED = 0o6000;

function isExecutable(entry: TarEntry): boolean {
  return entry.type === 'file' && (entry.mode & EXECUTE) !== 0;
}

function wanted({ path, entry }: LayerEntry): ContentWish {
  if (!isExecutable(entry) || /(?:^|\/)\.wh\.[^/]*$/.test(path)) return { want: 'none' };
  return entry.size >= SHELL_FROM && entry.size <= SHELL_TO
    ? { want: 'all', cap: SHELL_TO }
    : { want: 'head', bytes: HEAD };
}

function capabilitiesOf(entry: TarEntry): readonly string[] {
  const value = entry.pax['SCHILY.xattr.security.capability'];
  return value === undefined ? [] : decodeCapabilities(value);
}

function isOfInterest(path: string, entry: TarEntry, capabilities: readonly string[]): boolean {
  if (entry.type === 'symlink' || entry.type === 'hardlink') return true;
  if (entry.type !== 'file') return false;
  if ((entry.mode & (EXECUTE | ELEVATED)) !== 0 || capabilities.length > 0) return true;
  return isManagerFile(path);
}

function contentFacts(
  entry: TarEntry,
  content: Uint8Array | undefined,
): Pick<FileAttributes, 'executable' | 'interpreter' | 'multicall' | 'shell'> {
  if (!isExecutable(entry)) return {};
  const head = content ?? new Uint8Array();
  const executable = executableKind(head);
  const interpreter = executable === 'script' ? interpreterOf(head) : undefined;
  const multicall = executable === 'elf' ? multicallOf(head) : undefined;
  const shell = executable === 'elf' && multicall === undefined ? shellOf(head) : undefined;
  return {
    executable,
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(multicall === undefined ? {} : { multicall }),
    ...(shell === undefined ? {} : { shell }),
  };
}

/** What is to be known of an entry besides its path; undefined where nothing is. */
function knownOf({ path, entry }: LayerEntry, content: Uint8Array | undefined): Known | undefined {
  const capabilities = capabilitiesOf(entry);
  if (!isOfInterest(path, entry, capabilities)) return undefined;
  const { type, mode, uid, gid, linkname } = entry;
  return {
    attributes: {
      mode: mode & MODE,
      uid,
      gid,
      ...contentFacts(entry, content),
      ...(capabilities.length === 0 ? {} : { capabilities }),
    },
    ...(type === 'symlink' ? { link: linkname.slice(0, 4096) } : {}),
    ...(type === 'hardlink' ? { link: rootPath(linkname) } : {}),
  };
}

/** Every path of a layer, and what is to be known of its executables, links and files of note. */
export function fileCollector(): LayerCollector<Pick<LayerFacts, 'paths'>> {
  const paths = new PathListWriter();
  const visit = (entry: LayerEntry, content: Uint8Array | undefined): void => {
    const listed = listedPath(entry.path, entry.entry);
    if (listed === undefined) return;
    const marks = listed.kind === 'w' || listed.kind === 'o';
    paths.add(listed, marks ? undefined : knownOf(entry, content));
  };
  return { name: 'files', wants: wanted, visit, finish: () => ({ paths: paths.finish() }) };
}
