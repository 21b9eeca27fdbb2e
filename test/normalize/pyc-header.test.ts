import { describe, expect, test } from 'vitest';
import { sourceOfPyc } from '../../src/normalize/rules/stamps.ts';
import { contentAfter, EPOCH, LATER, normalised, type Sample, sample } from './sample-layer.ts';

const SOURCE = 'x = 1\n';

function pyc(time: number, size = SOURCE.length, flags = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0x0a0d0dcb, 0);
  header.writeUInt32LE(flags, 4);
  header.writeUInt32LE(time, 8);
  header.writeUInt32LE(size, 12);
  return Buffer.concat([header, Buffer.from('marshalled code')]);
}

const compiled = (time: number, over = {}) =>
  sample('app/__pycache__/m.cpython-313.pyc', pyc(time), over);
const source = (mtime: number, text = SOURCE) => sample('app/m.py', text, { mtime });

/**
 * Python's own test (importlib._bootstrap_external): time and size in the header are the source's.
 */
function isValid(samples: readonly Sample[], below: readonly Sample[] = []): boolean {
  const all = [...below, ...samples];
  const file = all.findLast(({ entry }) => entry.name.endsWith('.pyc'));
  const py = all.findLast(({ entry }) => entry.name.endsWith('.py'));
  const header = Buffer.from(file?.content ?? []);
  return header.readUInt32LE(8) === py?.entry.mtime && header.readUInt32LE(12) === py.entry.size;
}

describe('the source of a .pyc', () => {
  test.each([
    [
      'usr/lib/python3/dist-packages/__pycache__/six.cpython-313.pyc',
      'usr/lib/python3/dist-packages/six.py',
    ],
    ['__pycache__/a.b.cpython-313.opt-1.pyc', 'a.b.py'],
    ['a/__pycache__/m.pypy311.opt-2.pyc', 'a/m.py'],
    ['a/m.pyc', 'a/m.py'],
  ])('%s is %s', (path, expected) => {
    expect(sourceOfPyc(path)).toBe(expected);
  });
});

describe('a .pyc that was valid stays valid', () => {
  test.each([
    [
      'made in the build, before its source in the archive',
      [compiled(LATER), source(LATER + 0.4)],
      false,
    ],
    ['made in the build, behind its source', [source(LATER), compiled(LATER)], false],
    ['of a packaged source that is older than the epoch', [compiled(5000), source(5000)], false],
    ['copied from another stage', [compiled(LATER), source(LATER)], true],
    ['copied, older than the epoch', [source(5000), compiled(5000)], true],
  ] as const)('%s', async (_name, list, copied) => {
    const { samples } = await normalised(list, { copied });
    expect(isValid(samples)).toBe(true);
  });

  test('compiled by a RUN from what a COPY brought, whatever the checkout’s times', async () => {
    const digests = new Set<string>();
    for (const checkout of [5000, 6000, LATER]) {
      const copy = await normalised([source(checkout)], { copied: true });
      const run = await normalised([compiled(checkout)], { earlier: copy.result.trail });
      expect(isValid(run.samples, copy.samples)).toBe(true);
      digests.add(run.result.digest);
    }
    expect(digests.size).toBe(1);
  });

  test('compiled from a source of the base image', async () => {
    expect((await contentAfter(compiled(5000))).readUInt32LE(8)).toBe(5000);
  });
});

describe('a .pyc that was out of date does not look valid', () => {
  test.each([
    [
      'its source was changed later in the same RUN',
      [compiled(LATER), source(LATER + 9, 'x = 2\n')],
      false,
    ],
    [
      'the same, source first in the archive',
      [source(LATER + 9, 'x = 2\n'), compiled(LATER)],
      false,
    ],
    ['copied so', [compiled(LATER), source(LATER + 9, 'x = 2\n')], true],
    ['stamped with the epoch itself', [compiled(EPOCH), source(LATER, 'x = 2\n')], false],
  ] as const)('%s', async (_name, list, copied) => {
    const { samples } = await normalised(list, { copied });
    expect(isValid(samples)).toBe(false);
  });

  test.each([
    ['a RUN', LATER + 9, false],
    ['a COPY', LATER + 9, true],
    ['a COPY whose checkout has the same time', LATER, true],
  ])('its source was changed by %s in a later layer', async (_name, mtime, copied) => {
    const first = await normalised([compiled(LATER), source(LATER)]);
    const second = await normalised([source(mtime, 'x = 2\n')], {
      copied,
      earlier: first.result.trail,
    });
    expect(isValid(second.samples, first.samples)).toBe(false);
  });

  test('and one compiled anew is valid again', async () => {
    const first = await normalised([compiled(LATER), source(LATER)]);
    const over = await normalised([source(LATER + 9)], { earlier: first.result.trail });
    const again = await normalised([compiled(LATER + 9), source(LATER + 9)], {
      earlier: over.result.trail,
    });
    expect(isValid(again.samples)).toBe(true);
  });
});

describe('left alone', () => {
  test.each([
    ['a .pyc that is checked by hash', pyc(LATER, 6, 3)],
    [
      'one of Python 2',
      Buffer.from([0x03, 0xf3, 0x0d, 0x0a, 1, 2, 3, 4, 0x63, 0, 0, 0, 0, 0, 0, 0, 9]),
    ],
    ['a short file', Buffer.from('abc')],
    [
      'another thing of that name',
      Buffer.from('\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0', 'latin1'),
    ],
  ])('%s', async (_name, bytes) => {
    expect(await contentAfter(sample('a/m.pyc', bytes))).toEqual(bytes);
  });

  test('the code behind the header', async () => {
    expect((await contentAfter(compiled(LATER))).subarray(12)).toEqual(pyc(LATER).subarray(12));
  });
});
