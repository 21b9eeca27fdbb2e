import { paxOf, type Trick } from './sparse-tricks.ts';

const ACCESS_LIST =
  '\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff\x04\0\x05\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff';
const CAPABILITIES = [
  '\x01\0\0\x03\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\x03\0\0',
  '\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
  '\x01\0\0\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\xff\x01\0\0',
  '\x01\0\0\x04\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
];
const RECORDS = [
  ...['12 path=s/b\n', '14 path=s/a/c\n', '16 linkpath=s/a\n', '17 mode=0004755\n', '9 size=3\n'],
  ...['', 'x'],
];

/** A path of so many bytes, of components that every file system takes. */
function longPath(length: number): string {
  return `${'n'.repeat(200)}/`
    .repeat(25)
    .slice(0, length - 202)
    .replace(/\/?$/, 'x');
}

/**
 * What containerd's and Docker's unpackers, Go's reader and the kernel have branches for besides
 * the fields of headers.
 */
export const ENTRY_TRICKS: readonly Trick[] = [
  (e, r) => ({ ...e, globals: [r.pick(RECORDS)] }),
  (e, r) => ({ ...e, rawPax: r.pick(RECORDS), globals: [r.pick(RECORDS)] }),
  (e, r) => ({ ...e, rawPax: r.pick(RECORDS), earlierPax: [r.pick(RECORDS)] }),
  (e, r) => ({ ...e, longNames: ['s/a'], earlierPax: [r.pick(RECORDS)] }),
  (e, r) => ({
    ...paxOf(
      e,
      ['hdrcharset', r.pick(['BINARY', 'ISO-IR 10646 2000 UTF-8'])],
      [
        'path',
        r.pick(['s/\xe9', 's/\xc3\xa9', 's/\xc0\xaf', 's/\xed\xa0\x80', 's/\xf0\x9f\x98\x80']),
      ],
    ),
  }),
  (e, r) => ({
    ...e,
    name: r.pick([
      's/.wh..wh.plnk/5',
      's/.wh..wh.aufs',
      's/.wh..wh.orph/',
      '.wh..wh.plnk/5',
      '.wh..wh.aufs',
      '.wh..wh.orph/a',
      's/.wh..wh..opq/',
      's/.wh.a/',
      's/a/.wh..wh..opq',
      's/.wh.b/.wh.a',
      's/.wh.b/.wh..wh..opq',
      '.wh..wh..opq/',
      's/.wh..wh..opq2',
      's/.WH.a',
      's/.wh',
      's/.wh.. ',
      `s/.wh.${'n'.repeat(251)}`,
      `s/.wh.${'n'.repeat(255)}`,
      `s/.wh.${'n'.repeat(256)}`,
    ]),
  }),
  (e, r) => ({
    ...e,
    flag: '1',
    link: r.pick([
      '.wh..wh.plnk/5',
      's/.wh..wh.plnk/5',
      e.name,
      `./${e.name}`,
      `/${e.name}`,
      's/.wh.a',
      's/.wh..wh..opq',
      's',
      '/',
      '.',
    ]),
  }),
  (e, r) => ({
    ...e,
    name: r.pick([
      's/...',
      's/..a',
      's/a..',
      's/ ',
      's/-',
      's/*',
      's/\\',
      's/\\a',
      's\\a',
      's/a\tb',
      's/a\rb',
      's/\x1b[0m',
      's/\x7f',
      's/\xff\xfe',
      's/\xef\xbb\xbfa',
      's/C:',
      's/\xc3\xa9',
      's/e\xcc\x81',
      's/\u0001',
      's/.',
      's/./.',
      's/a/./b',
      's/.a',
      `s/${'\xc3\xa9'.repeat(127)}x`,
      `s/${'\xc3\xa9'.repeat(128)}`,
    ]),
  }),
  (e, r) => ({
    ...e,
    name: r.pick([
      ...['a', 'b/c', 'proc/a', 'proc/self/a', 'dev/a', 'dev/shm/a', 'sys/a', 'etc/a', 'etc/b/c'],
      ...['run/a', 'tmp/a'],
    ]),
  }),
  (e, r) =>
    paxOf(e, [
      'path',
      `s/${Array.from({ length: r.pick([17, 25]) }, () => 'n'.repeat(200)).join('/')}/${e.name}`,
    ]),
  // Where the store's own folder and the path come near to what a kernel takes (PATH_MAX).
  (e, r) =>
    paxOf(e, [
      'path',
      `s/${'n'.repeat(199)}/` + longPath(r.pick([3600, 3900, 4000, 4020, 4050, 4090, 4095, 4096])),
    ]),
  // A folder that no entry lists, where another layer or entry has a file.
  (e, r) => ({
    ...e,
    name: `${r.pick(['s/a', 's/b', 's/c', 's/a/b'])}/${r.pick(['x', 'y/z', '.wh.x'])}`,
  }),
  (e, r) => ({
    ...e,
    flag: r.pick(['3', '4']),
    major: r.pick([0, 4095, 4096, 2 ** 20, 2 ** 31, -1]),
    minor: r.pick([0, 255, 2 ** 20, 2 ** 32, -1]),
  }),
  (e, r) => ({
    ...e,
    flag: '5',
    mode: r.pick([0o1777, 0o2755, 0o4755, 0o7777, 0, 0o700]),
    uid: r.pick([0, 1000]),
    gid: r.pick([0, 1000]),
  }),
  (e, r) =>
    paxOf(e, [
      r.pick(['SCHILY.xattr.system.posix_acl_access', 'SCHILY.xattr.system.posix_acl_default']),
      r.pick([ACCESS_LIST, ACCESS_LIST.slice(0, 20), '\x02\0\0\0', '\x01\0\0\0']),
    ]),
  (e, r) => paxOf(e, ['SCHILY.xattr.security.capability', r.pick(CAPABILITIES)]),
  (e, r) =>
    paxOf(
      e,
      ['SCHILY.xattr.security.capability', r.pick(CAPABILITIES)],
      ['SCHILY.xattr.security.capability', r.pick(['', ...CAPABILITIES])],
    ),
  (e, r) =>
    paxOf(e, [
      r.pick([
        ...['SCHILY.xattr.trusted.overlay.metacopy', 'SCHILY.xattr.trusted.overlay.impure'],
        ...['SCHILY.xattr.trusted.overlay.origin', 'SCHILY.xattr.trusted.overlay.whiteouts'],
        ...['SCHILY.xattr.trusted.overlay.overlay.opaque', 'SCHILY.xattr.user.overlay.metacopy'],
        ...['SCHILY.xattr.security.ima', 'SCHILY.xattr.user.', 'schily.xattr.security.capability'],
        ...['SCHILY.xattr.security.capability\0'],
      ]),
      r.pick(['', 'y', 'x', '\0']),
    ]),
  (e, r) => ({ ...e, mtime: r.pick([2 ** 40, -(2 ** 50), 2 ** 52]), numbers: 'base256' }),
  (e, r) =>
    paxOf(e, [
      'mtime',
      r.pick([
        ...['-1', '-99999999999.999999999', '1.0000000001', '9223372036', '0.0.0', '+1.5', '-.5'],
      ]),
    ]),
  (e, r) => ({
    ...e,
    uid: r.pick([2 ** 31 - 1, 2 ** 32 - 2, 2 ** 53 - 1, 2097152]),
    gid: r.pick([0, 2 ** 32 - 2]),
    numbers: 'base256',
  }),
  (e, r) => ({
    ...e,
    link: r.pick([
      '',
      'a',
      'b',
      'c',
      './b',
      '../s',
      '../s/a/',
      '/s/./a',
      'a/..',
      'a/../b',
      '/..',
      '../../..',
      's/a',
      '//',
      'x'.repeat(99),
    ]),
  }),
];
