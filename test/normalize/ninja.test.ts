import { expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { contentAfter, EPOCH, sample } from './sample-layer.ts';

const LATER = BigInt(EPOCH + 86_400) * 1_000_000_000n + 106_191_725n;
const NOW = BigInt(EPOCH) * 1_000_000_000n;
const after = (path: string, bytes: Buffer): Promise<Buffer> =>
  contentAfter(sample(path, bytes), { rules: ruleSet('aggressive') });

test('ninja’s log: no durations, times at the epoch, lines in the order of files, the last one of a file last', async () => {
  const log = (...lines: readonly string[]): Buffer =>
    Buffer.from(`# ninja log v6\n${lines.map((line) => `${line}\n`).join('')}`);
  expect(
    await after(
      'opt/build/.ninja_log',
      log(
        `8\t763\t${LATER}\tqueue.cpp.o\t2d014d911aae7b02`,
        `1\t674\t${LATER}\tmain.cpp.o\t9c4f`,
        `764\t801\t0\tmain.cpp.o\t9c50`,
        `2\t3\t1500000000000000000\told.o\tab`,
      ),
    ),
  ).toEqual(
    log(
      `0\t0\t${NOW}\tmain.cpp.o\t9c4f`,
      `0\t0\t0\tmain.cpp.o\t9c50`,
      `0\t0\t1500000000000000000\told.o\tab`,
      `0\t0\t${NOW}\tqueue.cpp.o\t2d014d911aae7b02`,
    ),
  );
});

const path = (text: string, number: number): Buffer => {
  const padded = Buffer.alloc(Math.ceil(text.length / 4) * 4);
  padded.write(text);
  return Buffer.concat([word(padded.length + 4), padded, word(~number >>> 0)]);
};
const deps = (output: number, time: bigint, ...inputs: readonly number[]): Buffer => {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64LE(time);
  const size = 12 + 4 * inputs.length;
  return Buffer.concat([word(size + 0x80000000), word(output), stamp, ...inputs.map(word)]);
};
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
const file = (...records: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('# ninjadeps\n\x04\0\0\0', 'latin1'), ...records]);

test('ninja’s included files: times at the epoch, records in the order of files, the last one of each', async () => {
  const found = file(
    path('b.o', 0),
    path('b.cc', 1),
    deps(0, LATER, 1),
    path('a.o', 2),
    path('long/a.cc', 3),
    deps(2, LATER, 3, 1),
    deps(0, LATER + 1n, 3),
  );
  expect(await after('opt/build/.ninja_deps', found)).toEqual(
    file(
      path('a.o', 0),
      path('long/a.cc', 1),
      path('b.cc', 2),
      deps(0, NOW, 1, 2),
      path('b.o', 3),
      deps(3, NOW, 1),
    ),
  );
});

test.each([
  ['a log of another version', '.ninja_log', Buffer.from('# ninja log v4\n1\t2\t3\ta\tb\n')],
  ['a log with another line', '.ninja_log', Buffer.from('# ninja log v6\nnot a record\n')],
  ['a log elsewhere', 'ninja.log', Buffer.from('# ninja log v6\n1\t2\t3\ta\tb\n')],
  ['a record that ends early', '.ninja_deps', file(path('b.o', 0)).subarray(0, -2)],
  ['a record of no known file', '.ninja_deps', file(path('b.o', 0), deps(0, LATER, 1))],
  ['files of another version', '.ninja_deps', Buffer.from('# ninjadeps\n\x03\0\0\0', 'latin1')],
  ['a path with another number', '.ninja_deps', file(path('b.o', 1))],
])('left alone: %s', async (_, name, bytes) => {
  expect(await after(`opt/build/${name}`, bytes)).toEqual(bytes);
});
