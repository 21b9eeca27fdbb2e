import { createHash, type Hash } from 'node:crypto';
import type { EntryRecord } from '../model/difference.ts';
import type { Digest } from '../model/digest.ts';
import type { LayerCollector, LayerEntry } from '../model/walk.ts';

/** Records every entry of a layer in order, each content by its digest: none is kept in memory. */
export function entryRecorder(): LayerCollector<readonly EntryRecord[]> {
  const records: EntryRecord[] = [];
  let hash: Hash | undefined;
  return {
    name: 'entries',
    wants: ({ entry }) => (entry.size > 0 ? { want: 'stream' } : { want: 'none' }),
    chunk: (bytes) => {
      (hash ??= createHash('sha256')).update(bytes);
    },
    visit: (found) => {
      records.push(recordOf(found, hash));
      hash = undefined;
    },
    finish: () => records,
  };
}

function recordOf({ path, entry }: LayerEntry, hash: Hash | undefined): EntryRecord {
  const hasContent = entry.type === 'file' || entry.type === 'other';
  const content = hasContent
    ? (`sha256:${(hash ?? createHash('sha256')).digest('hex')}` as Digest)
    : undefined;
  return {
    path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    uname: entry.uname,
    gname: entry.gname,
    size: entry.size,
    mtime: entry.mtime,
    link: entry.linkname,
    devmajor: entry.devmajor,
    devminor: entry.devminor,
    pax: entry.pax,
    ...(content === undefined ? {} : { content }),
  };
}
