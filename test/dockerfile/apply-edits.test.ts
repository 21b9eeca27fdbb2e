import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdits } from '../../src/dockerfile/analyse-dockerfile.ts';

describe('applyEdits', () => {
  test.each([
    ['none', [], 'abcdef'],
    ['one', [{ start: 1, end: 3, text: 'X' }], 'aXdef'],
    [
      'an addition at each end',
      [
        { start: 6, end: 6, text: '>' },
        { start: 0, end: 0, text: '<' },
      ],
      '<abcdef>',
    ],
    [
      'neighbours, in any order',
      [
        { start: 3, end: 4, text: 'D' },
        { start: 2, end: 3, text: 'C' },
      ],
      'abCDef',
    ],
  ])('%s', (_, edits, expected) => {
    expect(applyEdits('abcdef', edits)).toEqual({ ok: true, value: expected });
  });

  test.each([
    [
      'overlap',
      [
        { start: 1, end: 3, text: '' },
        { start: 2, end: 4, text: '' },
      ],
      'two edits meet at 2',
    ],
    [
      'the same place',
      [
        { start: 1, end: 1, text: 'a' },
        { start: 1, end: 1, text: 'b' },
      ],
      'two edits meet at 1',
    ],
    ['behind the end', [{ start: 5, end: 7, text: '' }], 'an edit at 5 to 7 leaves the text'],
    ['before the start', [{ start: -1, end: 0, text: '' }], 'an edit at -1 to 0 leaves the text'],
    ['turned round', [{ start: 3, end: 2, text: '' }], 'an edit at 3 to 2 leaves the text'],
  ])('%s is refused', (_, edits, error) => {
    expect(applyEdits('abcdef', edits)).toEqual({ ok: false, error });
  });

  test('what lies between edits stays, character by character', () => {
    const pieces = fc.array(fc.tuple(fc.string(), fc.string({ minLength: 1 }), fc.string()));
    fc.assert(
      fc.property(pieces, fc.string(), (parts, tail) => {
        let text = '';
        let expected = '';
        const edits = parts.map(([kept, old, replacement]) => {
          const start = text.length + kept.length;
          text += kept + old;
          expected += kept + replacement;
          return { start, end: start + old.length, text: replacement };
        });
        expect(applyEdits(text + tail, edits.reverse())).toEqual({
          ok: true,
          value: expected + tail,
        });
      }),
    );
  });
});
