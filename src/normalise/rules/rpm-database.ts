import { retimedRpmDatabase } from '../rpm-times.ts';
import type { RewriteRule } from '../rule.ts';

const DATABASE =
  /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm|usr\/lib\/rpm)\/rpmdb\.sqlite$/;

export const rpmDatabase: RewriteRule = {
  id: 'rpm-database',
  touches:
    'rpm’s database in its SQLite form (rpmdb.sqlite). The time of each package’s ' +
    'installation becomes the epoch where it is later, and so does the id of its ' +
    'transaction, which is a time too. Bytes between rows and in free pages, with what was ' +
    'there before, become zero.',
  safeBecause:
    'Both stand outside of what a package’s signature and checksum cover, and are read by `rpm -qa --last` and `rpm -q --tid` alone. Rows keep their length and place. Transactions of the build become one.',
  answers: 'Times in package databases',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => DATABASE.test(path),
  startsWith: [Buffer.from('SQLite forma', 'latin1')],
  rewrite: (bytes, { epoch }) => retimedRpmDatabase(bytes, epoch),
};
