import { digestHex, digestOf } from '../../model/digest.ts';
import { isChecksummed } from '../checksummed-stores.ts';
import type { RewriteRule } from '../rule.ts';

/** DBMETA of Berkeley DB's src/dbinc/db_page.h. It begins with a place in a log, and a page. */
const [ENCRYPTION, FLAGS, ID, ID_END] = [24, 26, 52, 72];
const CHECKSUM = 1;
const MAGICS = [0x053162, 0x061561, 0x042253, 0x074582].flatMap((magic) =>
  [0, 1].map((log) => new Uint8Array(Uint32Array.of(0, log, 0, magic).buffer)),
);

export const berkeleyDb: RewriteRule = {
  id: 'berkeley-db',
  touches:
    'Files of Berkeley DB (aliases and maps of Postfix, package lists of older rpm). The id of the ' +
    'file (inode, device, time, process) becomes a hash of its path, in all places of the ' +
    'file. Files with checksums or encryption stay.',
  safeBecause:
    'By the id files of one environment are known apart, and those of two paths still differ. ' +
    'What it is does not matter: a copy of a file has the id of the other.',
  answers: 'Random numbers in database files',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => !isChecksummed(path),
  startsWith: MAGICS,
  rewrite: (bytes, { path }) => {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const isPlain = all[ENCRYPTION] === 0 && ((all[FLAGS] ?? CHECKSUM) & CHECKSUM) === 0;
    if (all.length < ID_END || !isPlain) return undefined;
    const id = Buffer.from(all.subarray(ID, ID_END));
    // What was made in memory has none.
    if (id.every((byte) => byte === 0)) return undefined;
    const known = Buffer.from(digestHex(digestOf(path)), 'hex');
    // Pages carry what was in memory before them, the first page too.
    for (let at = ID; at >= 0; at = all.indexOf(id, at + id.length))
      known.copy(all, at, 0, id.length);
    return bytes;
  },
};
