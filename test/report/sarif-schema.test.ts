import { expect, test } from 'vitest';
import { validate } from './sarif-schema.ts';

const log = (result: object) => ({
  version: '2.1.0',
  runs: [{ tool: { driver: { name: 'x' } }, results: [result] }],
});
const at = (region: object, uri = 'a') => ({
  message: { text: 'm' },
  locations: [{ physicalLocation: { artifactLocation: { uri }, region } }],
});

test.each([
  [log({ message: { text: 'm' }, level: 'error' }), true],
  [log(at({ startLine: 1, startColumn: 2 })), true],
  [log(at({ startLine: 0 })), false],
  [log(at({ startColumn: 1 })), false],
  [log(at({ startLine: 1 }, 'a b')), false],
  [log({}), false],
  [log({ message: { text: 'm' }, level: 'info' }), false],
  [log({ message: { text: 'm' }, suppressions: [{ status: 'accepted' }] }), false],
  [{ version: '2.0.0', runs: [] }, false],
  [{ version: '2.1.0' }, false],
])('%j: %j', (value, valid) => {
  expect(validate(value)).toBe(valid);
});
