import { expect, test } from 'vitest';
import { labelsFromFlags, labelsOf } from '../../src/build/annotations.ts';
import { dockerfile } from './given.ts';

test('labels of the target and the stages it is built on count, a later one wins', () => {
  const model = dockerfile(`FROM node:22 AS base
LABEL a="1" b='2 3'
LABEL c old form
FROM golang:1
LABEL other=1
FROM base
LABEL a=4 d=
`);
  expect(labelsOf(model)).toEqual({ a: '4', b: '2 3', c: 'old form', d: '' });
});

test('--label without = has an empty value, the last wins', () => {
  expect(labelsFromFlags(['a=1', 'b', 'a=2=3'])).toEqual({ a: '2=3', b: '' });
});
