import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter } from '../../src/lib/run-tool.ts';

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
    const lines = split([Buffer.alloc(1024 * 1024 + 1, 'a'), Buffer.from('b\n')]);
    expect(lines.map((line) => line.length)).toEqual([1024 * 1024 + 1, 1]);
  });
});
