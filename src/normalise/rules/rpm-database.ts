import { retimedRpmDatabase } from '../rpm-times.ts';
import type { RewriteRule } from '../rule.ts';

const DATABASE =
  /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm|usr\/lib\/rpm)\/rpmdb\.sqlite$/;

export const rpmDatabase: RewriteRule = {
  id: 'rpm-database',
  touches:
    'rpm’s database in its SQLite form (rpmdb.sqlite): the time of each package’s installation and the id of its transaction, a time too, where they are later than the epoch; bytes between rows and in free pages, which hold what was there before, become zero.',
  safeBecause:
    'Both stand outside of what a package’s signature and checksum cover, and are read by `rpm -qa --last` and `rpm -q --tid` alone. Rows keep their length and place. Transactions of the build become one.',
  answers: 'Times in package databases',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => DATABASE.test(path),
  startsWith: [Buffer.from('SQLite forma', 'latin1')],
  rewrite: (bytes, { epoch }) => retimedRpmDatabase(bytes, epoch),
};
