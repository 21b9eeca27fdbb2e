import { decodeCapabilities } from '../../../src/facts/layer-files.ts';
import { encodeText } from '../../../src/image/tar/tar-header.ts';
import { TarReader } from '../../../src/image/tar/tar-reader.ts';
import type { TarEntry } from '../../../src/model/image.ts';
import { sha256 } from './docker-archive.ts';
import type { SeenPlace, SeenTree } from './seen-tree.ts';

const KINDS: Readonly<Partial<Record<TarEntry['type'], SeenPlace['kind']>>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
};
/** What an engine puts into each container. */
export const ENGINE_OWN =
  /^(?:\.dockerenv|(?:dev|proc|sys)(?:\/(?:console|pts|shm))?|etc(?:\/(?:hostname|hosts|resolv\.conf|mtab))?)$/;

export function byteText(text: string): string {
  return Buffer.from(encodeText(text)).toString('latin1');
}

/** Digits of a content's hash, enough to tell contents apart. */
export function contentDigits(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 16);
}

/** What `docker export` tells of a container that never ran. */
export function exportedTree(bytes: Buffer): SeenTree {
  const tree: Record<string, SeenPlace> = {};
  let open: TarEntry | undefined;
  let content: Buffer[] = [];
  const reader = new TarReader({
    onEntry: (entry) => {
      open = entry;
      content = [];
    },
    onContent: (chunk) => content.push(Buffer.from(chunk)),
    onEntryEnd: () => {
      if (open === undefined) return;
      const path = byteText(open.name).replace(/\/+$/, '');
      if (ENGINE_OWN.test(path) || path === '') return;
      const linked = tree[byteText(open.linkname)];
      if (open.type === 'hardlink' && linked !== undefined) tree[path] = linked;
      else tree[path] = placeOf(open, Buffer.concat(content));
    },
  });
  reader.push(bytes);
  reader.end();
  return tree;
}

function placeOf(entry: TarEntry, bytes: Buffer): SeenPlace {
  const kind = KINDS[entry.type] ?? 'x';
  if (kind === 'l') return { kind, target: byteText(entry.linkname) };
  const { mode, uid, gid } = entry;
  if (kind === 'd') return { kind, mode, uid, gid };
  if (kind !== 'f') return { kind };
  const value = entry.pax['SCHILY.xattr.security.capability'];
  const capabilities = value === undefined ? [] : decodeCapabilities(value);
  return {
    kind,
    content: contentDigits(bytes),
    size: bytes.length,
    mode,
    uid,
    gid,
    ...(capabilities.length === 0 ? {} : { capabilities: capabilities.join(' ') }),
  };
}
