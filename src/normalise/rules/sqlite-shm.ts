import type { RewriteRule } from '../rule.ts';

/**
 * The format version, 3007000, as a little-endian and as a big-endian machine writes it
 * (sqlite.org/walformat.html, section 2.1).
 */
const VERSIONS = [Uint8Array.of(0x18, 0xe2, 0x2d, 0), Uint8Array.of(0, 0x2d, 0xe2, 0x18)];

export const sqliteShm: RewriteRule = {
  id: 'sqlite-shm',
  touches: 'The shared memory beside an SQLite database (NAME-shm): the file becomes empty.',
  safeBecause:
    'It contains locks and an index for processes that have the database open. The first ' +
    'that opens it throws the content away. The file stays, so that it can be opened where ' +
    'nothing can be written.',
  answers: 'Times in package databases',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('-shm'),
  startsWith: VERSIONS,
  rewrite: () => new Uint8Array(0),
};
