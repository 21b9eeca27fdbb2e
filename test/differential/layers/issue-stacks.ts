import type { CraftedEntry, Stack } from './crafted-layer.ts';
import { NET_RAW } from './grammar.ts';

const SCRIPT = '#!/bin/sh\n';
const CAPABILITY = ['SCHILY.xattr.security.capability', NET_RAW] as const;

function file(name: string, more: Partial<CraftedEntry> = {}): CraftedEntry {
  return { flag: '0', name, content: SCRIPT.padEnd(12 + name.length, 'x'), mode: 0o755, ...more };
}

function folder(name: string): CraftedEntry {
  return { flag: '5', name };
}

function link(name: string, target: string): CraftedEntry {
  return { flag: '2', name, link: target };
}

function hardlink(name: string, target: string, more: Partial<CraftedEntry> = {}): CraftedEntry {
  return { flag: '1', name, link: target, ...more };
}

function mark(name: string): CraftedEntry {
  return { flag: '0', name };
}

function stack(...layers: readonly (readonly CraftedEntry[])[]): Stack {
  return layers.map((entries) => ({ entries }));
}

/** Owner rwx, group r-x, others r-x. */
const ACCESS_LIST =
  '\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff\x04\0\x05\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff';

function listed(kind: 'access' | 'default', list: string): Partial<CraftedEntry> {
  return { pax: [[`SCHILY.xattr.system.posix_acl_${kind}`, list]] };
}

const USR = [
  folder('usr'),
  folder('usr/bin'),
  file('usr/bin/bash'),
  file('usr/bin/su', { mode: 0o4755 }),
  link('bin', 'usr/bin'),
];

/** Stacks that were once read otherwise than an engine unpacks them, by what is odd about them. */
export const ISSUE_STACKS: Readonly<Record<string, Stack>> = {
  'rm /bin and mkdir /bin: an opaque mark over a link below': stack(USR, [
    folder('bin'),
    mark('bin/.wh..wh..opq'),
  ]),
  'a whiteout through a link below': stack(USR, [mark('bin/.wh.bash')]),
  'an opaque mark without its folder, over a link below': stack(USR, [mark('bin/.wh..wh..opq')]),
  'a file through a link below': stack(USR, [file('bin/app')]),
  'a whiteout of a link': stack(USR, [mark('.wh.bin')]),
  'the root made opaque': stack(USR, [mark('.wh..wh..opq')]),
  'a whiteout, then a folder of its name': stack(
    [folder('a'), file('a/x')],
    [mark('.wh.a'), folder('a'), file('a/y')],
  ),
  'a folder, then a whiteout of its name': stack(
    [folder('a'), file('a/x')],
    [folder('a'), mark('.wh.a')],
  ),
  'a whiteout, then a file inside': stack([folder('a'), file('a/x')], [mark('.wh.a'), file('a/y')]),
  'a file over a folder, then a folder again': stack(
    [folder('a'), file('a/x')],
    [file('a'), folder('a')],
  ),
  'a file between two folders': stack(
    [folder('a'), file('a/x')],
    [file('a')],
    [folder('a'), file('a/y')],
  ),
  'the device 0/0 for a whiteout': stack(
    [file('x'), file('y')],
    [
      { flag: '3', name: 'x' },
      { flag: '3', name: 'y', major: 4096 },
    ],
  ),
  'a hard link to a whiteout': stack([file('x'), file('y')], [mark('.wh.x'), hardlink('y', 'x')]),
  'a hard link with another mode': stack([file('x'), hardlink('y', 'x', { mode: 0o4755 })]),
  'a hard link that takes the mode away': stack([
    file('x', { mode: 0o4755 }),
    hardlink('y', 'x', { mode: 0o755 }),
  ]),
  'a hard link with capabilities': stack([
    file('x'),
    hardlink('y', 'x', { mode: 0o755, pax: [CAPABILITY] }),
  ]),
  'a hard link without capabilities': stack([
    file('x', { pax: [CAPABILITY] }),
    hardlink('y', 'x', { mode: 0o755 }),
  ]),
  'a hard link with another owner': stack([
    file('x', { mode: 0o4755, uid: 0 }),
    hardlink('y', 'x', { mode: 0o4755, uid: 7 }),
  ]),
  'hard links in a chain, the first name gone': stack(
    [
      file('x', { mode: 0o4755 }),
      hardlink('y', 'x', { mode: 0o4755 }),
      hardlink('z', 'y', { mode: 0o6755 }),
    ],
    [mark('.wh.x')],
  ),
  'a hard link to a link': stack([file('x'), link('l', 'x'), hardlink('h', 'l', { mode: 0o4755 })]),
  'a hard link to another layer': stack([file('x')], [hardlink('y', 'x')]),
  'a hard link over links': stack([
    folder('d'),
    file('d/x'),
    link('l', '/d'),
    hardlink('y', './l/x', { mode: 0o755 }),
  ]),
  'a GNU long name that is empty': stack([file('x', { longNames: ['evil', ''] })]),
  'a GNU header with a prefix': stack([file('sh', { dialect: 'gnu', prefix: 'bin' })]),
  'a star header': stack([file('sh', { dialect: 'star', prefix: 'bin' })]),
  'GNU.sparse.name without a version': stack([
    file('sh', { pax: [['GNU.sparse.name', 'doc.txt']] }),
  ]),
  'sparse 1.1': stack([
    file('sh', {
      pax: [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '1'],
        ['GNU.sparse.name', 'doc.txt'],
        ['GNU.sparse.realsize', '5'],
      ],
    }),
  ]),
  'sparse 0.0': stack([
    file('sh', {
      pax: [
        ['GNU.sparse.size', '100'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.offset', '86'],
        ['GNU.sparse.numbytes', '14'],
      ],
    }),
  ]),
  'a name in a pax record, and a long name': stack([
    file('x', { pax: [['path', 'y']], longNames: ['z'] }),
  ]),
  'an extended header of type X': stack([file('x'), { flag: 'X', name: 'y' }]),
  'a global header that has the name of a file': stack([
    file('x'),
    { flag: 'g', name: 'x', content: '' },
  ]),
  'a global header whose path is that of a file': stack([
    file('x'),
    { flag: 'g', name: 'y', content: '10 path=x\n' },
  ]),
  'an owner beyond 32 bits': stack([file('x', { mode: 0o4755, uid: 4294967296, gid: 4294967297 })]),
  'a new folder with an owner that chown leaves': stack([
    { ...folder('d'), uid: 1000, gid: 4294967295 },
    file('d/x'),
  ]),
  'a folder named again with an owner that chown leaves': stack([
    { ...folder('d'), uid: 1000, gid: 1000 },
    { ...folder('d'), uid: 0, gid: 4294967295 },
  ]),
  'a folder of a lower layer with an owner that chown leaves': stack(
    [{ ...folder('d'), uid: 1000, gid: 1000 }],
    [{ ...folder('d'), uid: 0, gid: 4294967295 }, file('d/x')],
  ),
  'an owner that chown leaves': stack([file('x', { mode: 0o4755, uid: 4294967295 })]),
  'a link over which its own layer goes on': stack([
    folder('usr/bin'),
    link('bin', 'usr/bin'),
    file('bin/sh'),
  ]),
  'a folder in place of a link of its own layer': stack([
    folder('d'),
    link('l', 'd'),
    folder('l'),
    file('l/x'),
  ]),
  'the type of contiguous files': stack([file('x', { flag: '7' })]),
  'a checksum of signed bytes': stack([file('\xe9\xe9\xe9', { checksum: 'signed' })]),
  'entries behind the end': stack([file('x'), file('y', { zerosBefore: 2 })]),
  'a name with a trailing slash': stack([file('x/')]),
  'old capabilities': stack([
    file('x', { pax: [['SCHILY.xattr.security.capability', '\0\0\0\x01\0\x20\0\0\0\0\0\0']] }),
  ]),
  'an access list that is malformed': stack([
    file('x', { pax: [['SCHILY.xattr.system.posix_acl_access', 'y']] }),
  ]),
  'an attribute without a name': stack([file('x', { pax: [['SCHILY.xattr.user.', 'y']] })]),
  'access lists': stack([
    { ...folder('d'), ...listed('default', ACCESS_LIST) },
    file('d/x', listed('access', ACCESS_LIST)),
    { ...link('l', 'x'), ...listed('default', ACCESS_LIST.slice(0, 20)) },
    file('y', listed('default', '')),
  ]),
  'a default access list of a file': stack([file('x', listed('default', ACCESS_LIST))]),
  'an access list without others': stack([file('x', listed('access', ACCESS_LIST.slice(0, 20)))]),
  'a folder that became a link to a whiteout': stack([mark('.wh.x'), folder('d'), link('d', 'x')]),
  'folders whose mode and owner change': stack(
    [
      folder('a'),
      { ...folder('b'), mode: 0o1777 },
      { ...folder('c'), uid: 7, gid: 8 },
      file('c/x'),
    ],
    [{ ...folder('a'), mode: 0o2777, uid: 9 }, { ...folder('b'), mode: 0o700 }, file('c/y')],
  ),
  'compressed in two members': stack([file('x'), file('y')]).map((layer) => ({
    ...layer,
    packing: 'gzip members' as const,
  })),
  'compressed in frames to skip': stack([file('x'), file('y')]).map((layer) => ({
    ...layer,
    packing: 'zstd, skipped between' as const,
  })),
  'a global header between an extended header and its entry': stack([
    file('x', { pax: [['path', 'y']], globals: ['12 path=zzz\n'] }),
  ]),
  'marks of overlayfs': stack(
    [folder('a'), file('a/x')],
    [
      {
        ...folder('b'),
        pax: [
          ['SCHILY.xattr.trusted.overlay.redirect', '/a'],
          ['SCHILY.xattr.trusted.overlay.opaque', 'n'],
        ],
      },
    ],
  ),
};
