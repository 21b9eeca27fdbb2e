import { describe, expect, test } from 'vitest';
import {
  failedLine,
  FLEET_LINE_START,
  fleetLineText,
  parseFleetLine,
} from '../../src/report/json.ts';

const head = {
  image: 'app:1',
  asked: 'x',
  tool: { name: 'scoville', version: '1' },
  at: '2026-01-01T00:00:00.000Z',
} as const;

test('a line begins as every line does, is one line, and obeys no terminal', () => {
  const text = fleetLineText(failedLine(head, { message: 'a\nb\u001b[2J\u202e' }));
  expect(text.startsWith(FLEET_LINE_START)).toBe(true);
  expect(text).toContain('a\\nb\\u001b[2J\\u202e');
  expect(parseFleetLine(text)).toEqual({
    schemaVersion: '1',
    status: 'failed',
    ...head,
    error: { message: 'a\nb\u001b[2J\u202e' },
  });
});

describe('what is no whole line is not taken for one', () => {
  const whole = fleetLineText(failedLine(head, { message: 'no' }));
  test.each([
    whole.slice(0, -1),
    '',
    'null',
    '{"schemaVersion":"1","status":"graded","image":"a","asked":"x"}',
    '{"schemaVersion":"1","status":"passed","image":"a","asked":"x"}',
    '{"schemaVersion":"2","status":"failed","image":"a","asked":"x"}',
  ])('%s', (text) => {
    expect(parseFleetLine(text)).toBeUndefined();
  });
});
