import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINE_LIMIT, LineSplitter, OutputTail } from '../../src/lib/run-tool.ts';

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  test('how the bytes are cut does not matter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, at) => {
        const bytes = Buffer.from(text);
        expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(split([bytes]));
      }),
    );
  });

  test('a line without end is handed on in pieces', () => {
    const lines = split([Buffer.alloc(LINE_LIMIT + 1, 'a'), Buffer.from('b\n')]);
    expect(lines.map((line) => line.length)).toEqual([LINE_LIMIT + 1, 1]);
  });
});

describe('OutputTail', () => {
  test('keeps the last bytes', () => {
    const tail = new OutputTail(4);
    for (const piece of ['ab', 'cd', 'ef', 'gh', 'i']) tail.push(Buffer.from(piece));
    expect(tail.text()).toBe('fghi');
  });

  test('keeps all where it fits', () => {
    const tail = new OutputTail(4);
    tail.push(Buffer.from('abcd'));
    expect(tail.text()).toBe('abcd');
  });
});
