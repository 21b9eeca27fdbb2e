import { describe, expect, test } from 'vitest';
import { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import { placed, file, folder, link, program, type Item } from '../support.ts';
import { everyPlace } from './every-place.ts';

function paths(...layers: readonly (readonly Item[])[]): readonly string[] {
  return everyPlace(new FileTree(placed(...layers)).apply())
    .map((node) => node.path)
    .sort();
}

describe('layers on each other', () => {
  const usr = [folder('usr/bin'), program('usr/bin/sh'), link('bin', 'usr/bin')];

  test.each<[string, readonly Item[], readonly string[]]>([
    [
      'a folder hides a link of the same name, and what that led to stays',
      [folder('bin'), program('bin/app')],
      ['bin', 'bin/app', 'usr', 'usr/bin', 'usr/bin/sh'],
    ],
    [
      'an opaque folder does not reach through a link below',
      [folder('bin'), file('bin/.wh..wh..opq')],
      ['bin', 'usr', 'usr/bin', 'usr/bin/sh'],
    ],
    [
      'a whiteout does not reach through a link below',
      [file('bin/.wh.sh')],
      ['bin', 'usr', 'usr/bin', 'usr/bin/sh'],
    ],
    [
      'a whiteout takes a link and not its target',
      [file('.wh.bin')],
      ['usr', 'usr/bin', 'usr/bin/sh'],
    ],
    [
      'a folder that comes after its own whiteout shows what lies below',
      [file('.wh.usr'), folder('usr')],
      ['bin', 'usr', 'usr/bin', 'usr/bin/sh'],
    ],
    [
      'the device 0/0 is a whiteout',
      [{ path: 'usr', type: 'char', devmajor: 4096, devminor: 0 }],
      ['bin'],
    ],
    ['the root is never opaque', [file('.wh..wh..opq')], ['bin', 'usr', 'usr/bin', 'usr/bin/sh']],
  ])('%s', (_, upper, expected) => {
    expect(paths(usr, upper)).toEqual(expected);
  });
});

test('an odd opaque mark in the lowest layer is refused, for the stores differ', () => {
  const layer = [file('d/e/f'), file('d/.wh..wh..opq')];
  expect(() => paths(layer)).toThrow('engines differ in what the marks of removed files');
  expect(paths([file('x')], layer)).toEqual(['d', 'd/e', 'd/e/f', 'x']);
});

test('a folder may hold more entries than a call has arguments', () => {
  const items = Array.from({ length: 200_000 }, (_, i) => file(`big/${i}`));
  expect(everyPlace(new FileTree(placed(items)).apply())).toHaveLength(200_001);
});
