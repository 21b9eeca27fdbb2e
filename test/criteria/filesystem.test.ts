import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPrograms } from '../../src/criteria/installed-programs.ts';
import type { ImageContent } from '../../src/facts/layer-files.ts';
import { itemsOf } from '../accuracy/given-images.ts';
import { cpuMs } from '../cpu-time.ts';
import {
  elfWith,
  file,
  folder,
  hardlink,
  image,
  type Item,
  link,
  program,
} from '../facts/support.ts';
import { unpacked } from '../facts/unpacked.ts';
import { tableRows } from '../fakes/table.ts';

function executables(content: ImageContent): readonly string[] {
  return content.filesystem.executables.map((f) =>
    f.resolved === undefined ? f.path : `${f.path} -> ${f.resolved}`,
  );
}

/** The rows of filesystem.tsv that a test reads. */
function layers(test: string) {
  return tableRows('test/criteria/filesystem.tsv').flatMap(
    ([reader, name = '', entries = '', programs = '']): [string, Item[], string[]][] =>
      reader === test
        ? [
            [
              name,
              entries.split(', ').flatMap(itemsOf),
              programs === 'none' ? [] : programs.split(', '),
            ],
          ]
        : [],
  );
}

const CAPABILITY = 'SCHILY.xattr.security.capability';

describe('whiteouts and replacements', () => {
  const lower = [
    folder('bin'),
    program('bin/a'),
    program('bin/b'),
    folder('opt/x'),
    program('opt/x/c'),
  ];

  test.each(layers('whiteouts'))('%s', (_name, upper, expected) => {
    expect(executables(image(lower, upper))).toEqual(expected);
  });

  test('a later layer brings back what one between removed', () => {
    expect(executables(image(lower, [file('.wh.bin')], [program('bin/z')]))).toEqual([
      'bin/z',
      'opt/x/c',
    ]);
  });

  test('counts what is left', () => {
    const { filesystem } = image(
      [file('a', '12345'), file('b', '123')],
      [file('.wh.a'), link('c', 'b')],
    );
    expect(filesystem.fileCount).toBe(2);
    expect([
      filesystem.has('a'),
      filesystem.has('/b'),
      filesystem.has('c'),
      filesystem.has(''),
    ]).toEqual([false, true, true, true]);
  });
});

describe('links', () => {
  test.each(layers('links'))('symbolic: %s', (_name, items, expected) => {
    expect(executables(image(items))).toEqual(expected);
  });

  test('a file written through a linked folder of its own layer lies where the link leads', () => {
    const content = image([folder('usr/bin'), link('bin', 'usr/bin'), program('bin/sh')]);
    expect(executables(content)).toEqual(['usr/bin/sh']);
    expect(content.filesystem.has('bin/sh')).toBe(true);
  });

  test('a hard link gives its mode to what it shares', () => {
    const { filesystem } = image([
      program('bin/su', undefined, 0o755),
      { ...hardlink('bin/other', './bin/su'), mode: 0o4755 },
    ]);
    expect(filesystem.elevated.map((f) => [f.path, f.type, f.mode])).toEqual([
      ['bin/other', 'hardlink', 0o4755],
      ['bin/su', 'file', 0o4755],
    ]);
    expect(filesystem.executables).toHaveLength(2);
  });

  test('a hard link that leaves the owner as it is is refused', () => {
    const items = [
      { ...file('x'), uid: 7 },
      { ...hardlink('y', 'x', 0o4755), uid: -1 },
    ];
    expect(() => image(items)).toThrow('its hard link has the owner -1');
  });

  test('a hard link keeps its content when the first name goes', () => {
    const content = image(
      [program('bin/su', undefined, 0o4755), { ...hardlink('bin/other', 'bin/su'), mode: 0o4755 }],
      [file('bin/.wh.su')],
    );
    expect(content.filesystem.elevated.map((f) => f.path)).toEqual(['bin/other']);
  });
});

describe('what files are', () => {
  test('kinds by content, for executable files alone', () => {
    const { filesystem } = image([
      program('elf'),
      program('script', '#!/bin/sh -e\necho'),
      program('env', '#!/usr/bin/env -S FOO=1 python3 -u\n'),
      program('pe', 'MZ....'),
      program('text', 'plain'),
      file('sh', '#!/bin/sh\n'),
    ]);
    expect(filesystem.executables.map((f) => [f.path, f.executable])).toEqual([
      ['elf', 'elf'],
      ['env', 'script'],
      ['pe', 'pe'],
      ['script', 'script'],
      ['text', 'unknown'],
    ]);
  });

  test('a multi-call program by its own banner, whatever its name', () => {
    const { filesystem } = image([
      program('opt/app', elfWith('\0BusyBox v1.36.1 (Debian)\0', 40_000)),
      program('opt/toy', elfWith('\0toybox 0.8.11\0', 40_000)),
      program('opt/mentions', elfWith('\0needs BusyBox or toybox to run\0', 40_000)),
      program('opt/script', `#!/bin/sh\n# BusyBox v1.36.1\n${'x'.repeat(40_000)}`),
      link('bin/sh', '/opt/app'),
    ]);
    expect(filesystem.executables.map((f) => [f.path, f.multicall])).toEqual([
      ['bin/sh', 'busybox'],
      ['opt/app', 'busybox'],
      ['opt/mentions', undefined],
      ['opt/script', undefined],
      ['opt/toy', 'toybox'],
    ]);
  });

  test('a shell by what only it says, whatever its name', () => {
    const { filesystem } = image([
      program('opt/a', elfWith('\0CDPATH\0GNU bash, version %s (%s)\n\0', 40_000)),
      program('opt/b', elfWith('\0CDPATH=\0Illegal number: %s\0Syntax error: %s\0', 40_000)),
      program('opt/c', elfWith('\0CDPATH\0zsh %s (%s-%s-%s)\n\0', 40_000)),
      program('opt/d', elfWith('\0CDPATH\0KSH_VERSION=@(#)MIRBSD KSH R59 2025/04/26\0', 40_000)),
      program('opt/e', elfWith('\0CDPATH\0@(#)$Id: Version AJM 93u+m/1.0.10 $\0', 40_000)),
      program('opt/editor', elfWith('\0CDPATH\0Syntax error: %s\0', 40_000)),
      program('opt/mentions', elfWith('\0needs GNU bash, version %s\0', 40_000)),
      program('opt/multi', elfWith('\0CDPATH\0BusyBox v1.36.1\0Illegal number: %s\0', 40_000)),
      program('opt/script', `#!/bin/sh\n# CDPATH GNU bash, version %s${'x'.repeat(40_000)}`),
      link('opt/link', '/opt/a'),
    ]);
    expect(filesystem.executables.map((f) => [f.path, f.shell])).toEqual([
      ['opt/a', 'bash'],
      ['opt/b', 'dash'],
      ['opt/c', 'zsh'],
      ['opt/d', 'mksh'],
      ['opt/e', 'ksh93'],
      ['opt/editor', undefined],
      ['opt/link', 'bash'],
      ['opt/mentions', undefined],
      ['opt/multi', undefined],
      ['opt/script', undefined],
    ]);
  });

  test('setuid, setgid and capabilities; a sticky folder is none', () => {
    const v2 = Buffer.alloc(20);
    v2.writeUInt32LE(0x02000001, 0);
    v2.writeUInt32LE(1 << 13, 4);
    const { filesystem } = image([
      program('su', undefined, 0o4755),
      file('group', 'x', 0o2644),
      { ...program('ping'), pax: { [CAPABILITY]: v2.toString('latin1') } },
      { path: 'tmp', type: 'directory', mode: 0o1777 },
      { path: 'var/mail', type: 'directory', mode: 0o2775 },
      program('plain'),
    ]);
    expect(filesystem.elevated.map((f) => [f.path, f.mode, f.capabilities])).toEqual([
      ['group', 0o2644, undefined],
      ['ping', 0o755, ['cap_net_raw+ep']],
      ['su', 0o4755, undefined],
    ]);
  });

  test('manager code', () => {
    const { filesystem } = image([
      file('usr/lib/node_modules/npm/package.json', '{}'),
      file('usr/lib/python3/dist-packages/pip/__init__.py', 'x'),
      file('app/node_modules/npm-run/package.json', '{}'),
    ]);
    expect(filesystem.managerFiles.map((f) => f.path)).toEqual([
      'usr/lib/node_modules/npm/package.json',
      'usr/lib/python3/dist-packages/pip/__init__.py',
    ]);
  });

  test('os-release and passwd, through links and as the topmost layer has them', () => {
    const { filesystem } = image(
      [
        file('usr/lib/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'),
        link('etc/os-release', '../usr/lib/os-release'),
        file('etc/passwd', 'root:x:0:0::/:/bin/sh\n'),
      ],
      [file('etc/passwd', 'root:x:0:0::/:\napp:x:1000:1000::/:\nbad\napp:x:0:0::/:\n')],
    );
    expect(filesystem.osRelease).toEqual({
      id: 'debian',
      versionId: '12',
      prettyName: 'Debian 12',
    });
    expect(filesystem.passwd).toEqual({ root: 0, app: 1000, bad: 0 });
    expect(image([file('x')]).filesystem).toMatchObject({
      passwd: undefined,
      osRelease: undefined,
    });
  });
});

test('any tree folds, soon, and names no path twice', () => {
  const name = fc.constantFrom('a', 'b', 'c', '.wh.a', '.wh..wh..opq', 'd\ne');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const target = fc.constantFrom('a', '/a/b', '../a', '../../../..', 'a/../b', '/', '');
  const item = fc.oneof(
    path.map((p) => program(p)),
    path.map(folder),
    fc.tuple(path, target).map(([p, t]) => link(p, t)),
    fc.tuple(path, path).map(([p, t]) => hardlink(p, t)),
  );
  fc.assert(
    fc.property(fc.array(fc.array(item, { maxLength: 12 }), { maxLength: 4 }), (layers) => {
      const taken = cpuMs(() => {
        const { filesystem } = image([file('z')], ...layers.map(unpacked));
        const paths = filesystem.executables.map((f) => f.path);
        expect(new Set(paths).size).toBe(paths.length);
      });
      expect(taken).toBeLessThan(500);
    }),
  );
});

describe('a link to what only a running container has may be any program', () => {
  test.each([
    '/proc/self/cwd/x',
    '../proc/self/cwd/x',
    '/proc/self/exe',
    '/proc/1/cwd/x',
    '/proc/thread-self/cwd/x',
    '/proc/self/fd/../root/opt/x',
    '/proc/self/task/1/fd/3',
    '/dev/fd/3',
    '/dev/fd/../root/opt/x',
    '/dev/stdin',
    '/dev/shm/x',
    '/sys/fs/cgroup/x',
    '/dev/../opt/x',
    '/run/../proc/self/cwd/x',
  ])('%s', (target) => {
    const { filesystem } = image([
      program('opt/x', '#!/bin/x\n'),
      link('bin/sh', target),
      link('sbin/ash', '/bin/sh'),
      folder('run'),
    ]);
    const found = findPrograms(filesystem, 'shells').map(({ file: { path, resolved } }) => [
      path,
      resolved,
    ]);
    expect(found).toEqual([
      ['bin/sh', `${target}, which leads out of the image`],
      ['sbin/ash', '/bin/sh, which leads out of the image'],
    ]);
  });

  test.each(['/dev/null', '/dev//null', '/procs/x', '/opt/proc/x', 'proc/x'])(
    'not so %s',
    (target) => {
      const { filesystem } = image([link('bin/sh', target)]);
      expect(findPrograms(filesystem, 'shells')).toEqual([]);
    },
  );

  test('what the image has there is hidden', () => {
    const { filesystem } = image([
      file('proc/self/cwd/x', 'text'),
      link('bin/sh', '/proc/self/cwd/x'),
    ]);
    expect(findPrograms(filesystem, 'shells').map(({ file: { path } }) => path)).toEqual([
      'bin/sh',
    ]);
  });
});
