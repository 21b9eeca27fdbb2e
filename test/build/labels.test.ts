import { describe, expect, test } from 'vitest';
import { labelsFromFlags, labelsOf } from '../../src/build/annotations.ts';
import { dockerfile, external, label } from './given.ts';

describe('labelsOf', () => {
  test('the target and the stages it is built on count, a later one wins', () => {
    const model = dockerfile([
      {
        base: external('node:22'),
        instructions: [label('a="1"', "b='2 3'"), label('c', 'old', 'form')],
      },
      { base: external('golang:1'), instructions: [label('other=1')] },
      { base: 0, instructions: [label('a=4', 'd=')] },
    ]);
    expect(labelsOf(model)).toEqual({ a: '4', b: '2 3', c: 'old form', d: '' });
  });

  test('a circle of stages ends', () => {
    const model = dockerfile([{ base: 1, instructions: [label('a=1')] }, { base: 0 }]);
    expect(labelsOf(model)).toEqual({ a: '1' });
  });
});

test('--label without = has an empty value, the last wins', () => {
  expect(labelsFromFlags(['a=1', 'b', 'a=2=3'])).toEqual({ a: '2=3', b: '' });
});
