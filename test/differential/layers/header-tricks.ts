import type { Random } from '../random.ts';
import type { CraftedEntry } from './crafted-layer.ts';
import { ENTRY_TRICKS } from './entry-tricks.ts';
import { paxOf, SPARSE_TRICKS, type Trick } from './sparse-tricks.ts';

const NAMES = ['s/a', 's/b', 's/a/', 's/l/b', '', '/', 's/.wh.a', 's/c\0d', 's/\xe9', 's/../s/b'];

const TRICKS: readonly Trick[] = [
  (e, r) => ({ ...e, dialect: r.pick(['gnu', 'v7', 'star', 'ustar'] as const) }),
  (e, r) => ({ ...e, numbers: r.pick(['base256', 'spaces', 'nul'] as const) }),
  (e, r) => ({
    ...e,
    prefix: r.pick(['s', 's/a', 's/d', '/', './s']),
    dialect: r.pick(['ustar', 'gnu', 'star', 'v7'] as const),
  }),
  (e, r) => ({
    ...e,
    checksum: r.pick(['signed', 'bad', 'spaces'] as const),
    name: r.chance(50) ? `${e.name}\xe9` : e.name,
  }),
  (e, r) => ({
    ...e,
    longNames: r.pick([
      [''],
      [r.pick(NAMES)],
      [`${r.pick(NAMES)}\0`],
      ['s/a\0junk'],
      ['s/a', 's/b'],
      [e.name, ''],
    ]),
  }),
  (e, r) => ({ ...e, longLinks: r.pick([[''], [r.pick(NAMES)], ['s/a\0junk'], ['s/a', '']]) }),
  (e, r) => paxOf(e, ['path', r.pick(NAMES)]),
  (e, r) => paxOf(e, ['path', r.pick(NAMES)], ['path', r.pick(['', 's/b', 's/c'])]),
  (e, r) => ({ ...paxOf(e, ['path', 's/b']), longNames: [r.pick(['', 's/a'])] }),
  (e, r) => paxOf(e, ['linkpath', r.pick(['', 's/a', '/s/a', 'a', '\0', 's/a\0b'])]),
  (e, r) =>
    paxOf(e, ['size', r.pick(['0', '', '3', '+5', '-1', '600', '1e1', ' 4', '0x4', '00004'])]),
  (e, r) =>
    paxOf(e, [
      r.pick(['uid', 'gid']),
      r.pick([
        ...['0', '', '1000', '+7', '-1', '4294967295', '4294967296', '4294967297'],
        ...['99999999999999999999', 'x', '1.5'],
      ]),
    ]),
  (e, r) =>
    paxOf(e, [
      r.pick(['mtime', 'atime', 'ctime']),
      r.pick(['', '0', '-1.5', '1e3', '1.', '.5', '+3', '99999999999', 'x', '1.5.2']),
    ]),
  (e, r) =>
    paxOf(e, [
      r.pick(['uname', 'gname', 'mode', 'hdrcharset', 'comment', 'typeflag']),
      r.pick(['', 'root', '\0', '\xff\xfe', '4755']),
    ]),
  (e, r) =>
    paxOf(e, [
      r.pick([
        ...['SCHILY.xattr.user.x', 'SCHILY.xattr.trusted.x', 'SCHILY.xattr.security.selinux'],
        ...['SCHILY.xattr.security.capability', 'LIBARCHIVE.xattr.security.capability'],
        ...['SCHILY.xattr.trusted.overlay.opaque', 'SCHILY.xattr.trusted.overlay.redirect'],
        ...['SCHILY.xattr.trusted.overlay.whiteout', 'SCHILY.xattr.user.overlay.opaque'],
        ...['SCHILY.xattr.foo.bar', 'SCHILY.xattr.', 'SCHILY.acl.access'],
        ...['SCHILY.xattr.system.posix_acl_access'],
      ]),
      r.pick([
        '',
        'y',
        '/s/b',
        '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
        '\0\0\0\x01\0\x20\0\0\0\0\0\0',
        'x'.repeat(20),
      ]),
    ]),
  (e, r) => ({
    ...e,
    rawPax: r.pick([
      ...['', 'x', '5 a=\n', '06 a=b\n', '6 a=b\n', '6 a=b', '8 a=b\n\n\n', '+6 a=b\n', '6  a=\n'],
      ...['4 =\n', '5 a\n\n', '12 path=s/b\n12 path=s/c\n', '6 a=b\n\0\0\0\0', '11 a=b\0c=d\n'],
      ...['99 a=b\n', '12 path=s/b\n14 linkpath=\n'],
    ]),
  }),
  ...SPARSE_TRICKS,
  ...ENTRY_TRICKS,
  (e) => (e.flag === '0' && e.content !== undefined ? { ...e, flag: 'S', dialect: 'gnu' } : e),
  (e, r) => ({ ...e, size: r.pick([0, 1, 512, 600, 7 * 512]) }),
  (e, r) => ({
    ...e,
    mode: r.pick([0o100755, 0o104755, 0o40755, 0o120777, 0o7777777, -1, 0o170000]),
  }),
  (e, r) => ({
    ...e,
    uid: r.pick([-1, 4294967295, 4294967296, 4294967297, 2 ** 40, 2 ** 31]),
    gid: r.pick([0, -1, 4294967296]),
  }),
  (e, r) => ({ ...e, mtime: r.pick([0, -1, 2 ** 33, -(2 ** 40)]) }),
  (e, r) => ({
    ...e,
    name:
      e.name + r.pick(['/', '//', '\0x', '\xff', '\n', ' ', '\\', '/.', '/..', '/../..', '\x7f']),
  }),
  (e, r) => ({
    ...e,
    name: r.pick([
      '',
      '.',
      '/',
      '..',
      './',
      '../s/a',
      '/..',
      's',
      's/..',
      './/',
      '../..',
      '.wh..wh..opq',
      '.wh.s',
      's/.wh..wh..opq/a',
      's/.wh.a/b',
      '.wh..wh.plnk/5.1',
    ]),
  }),
  (e, r) => ({ ...e, zerosBefore: r.pick([1, 2]) }),
  (e, r) => ({ ...e, flag: r.pick(['\0', '0', '1', '2', '3', '5', '6', '7', 'g']) }),
  (e, r) => ({
    ...e,
    name: `s/${'n'.repeat(r.pick([90, 250, 255, 256]))}`,
    prefix: r.pick(['', 's', 's'.repeat(155)]),
  }),
  (e, r) =>
    paxOf(
      e,
      ['path', `s/${'n'.repeat(r.pick([100, 255, 256]))}`],
      ['linkpath', 'l'.repeat(r.pick([255, 4095, 4096]))],
    ),
  (e) => ({ ...e, prefix: `\xff${'s'.repeat(130)}`, dialect: 'gnu' }),
  (e, r) => ({ ...e, link: (e.link ?? 's/a') + r.pick(['/', '/.', '/..', '//', '/../a', '\0x']) }),
];

/** The entry with something odd in its headers. */
export function dressed(entry: CraftedEntry, random: Random): CraftedEntry {
  return random.pick(TRICKS)(entry, random);
}
