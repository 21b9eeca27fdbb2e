import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, oneLine } from '../../src/lib/text.ts';
import { jsonLine, jsonText, shortened, shownText } from '../../src/report/text.ts';
import { cleanForTerminal, cleanLines } from '../../src/ui/text.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLE = yamlTable('test/lib/clean-text.yaml') as {
  readonly terminal: readonly [string, string, string][];
  readonly report: readonly [string, string][];
  readonly ci: readonly [string, string][];
};

test.each(TABLE.terminal)('a terminal is not given %s', (_name, text, clean) => {
  expect(cleanForTerminal(text)).toBe(clean);
});

test('lines stay apart, tabs stay, and whole escape sequences go', () => {
  expect(cleanLines('a\u001b[31m\nb\r\nc')).toBe('a\nb\nc');
  expect(cleanText('\u001b[31mred\u001b[0m\u0007\ta\nb\r')).toBe('red\ta\nb');
  expect(cleanText('a\u001b]0;title\u0007b\u202ec\n\u001b]0;open\nd')).toBe('abc\n]0;open\nd');
});

test('a value is one line', () => {
  expect(oneLine(' a\r\nb\u001b]0;x\u0007\u202ec\ud800 ')).toBe('a b ]0;x c\ufffd');
  expect(oneLine('Grüße 😀')).toBe('Grüße 😀');
});

test.each(TABLE.report)('a report shows %j as %j', (text, clean) => {
  expect(shownText(text)).toBe(clean);
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['ab😀', 3, 'ab…'],
  ['a b', 3, 'a b'],
  ['a' + ' '.repeat(100) + 'b', 5, 'a …'],
  ['x'.repeat(1_000_000), 2, 'x…'],
])('%j within %i', (text, longest, short) => {
  expect(shortened(text, longest)).toBe(short);
});

/** As the runners look for them: Azure Pipelines and GitHub's old form anywhere in a line. */
const ANYWHERE = /##(?:vso|teamcity)?\[/i;
/** GitHub's form, wherever a line may be broken. */
const AT_START = /::(?:set-output|error|add-mask|stop-commands)\b/i;

test.each(TABLE.ci)('a CI system finds no command in %j', (text, clean) => {
  expect([shownText(text), cleanForTerminal(text)]).toEqual([clean, clean]);
});

test('JSON says the same without a command', () => {
  const value = { path: 'bin/##vso[task.setvariable variable=x]y', other: ['###[error]z', '##'] };
  for (const json of [jsonText(value), jsonLine(value)]) {
    expect(json).not.toMatch(ANYWHERE);
    expect(JSON.parse(json)).toEqual(value);
  }
});

test('what is removed puts no command together', () => {
  expect(cleanForTerminal('#\u001b[31m#vso[task.setvariable variable=x]y')).not.toMatch(ANYWHERE);
  expect(cleanForTerminal(':\u0007:error::x')).not.toMatch(AT_START);
  const parts = ['#', ':', 'vso[', '[', 'error', '::', '##', '\u001b[0m', '\u202e', '\n', ' '];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts)), (words) => {
      for (const clean of [shownText(words.join('')), cleanForTerminal(words.join(''))]) {
        expect(clean).not.toMatch(ANYWHERE);
        expect(clean).not.toMatch(AT_START);
      }
    }),
  );
});

test('nothing that a terminal obeys is left of anything', () => {
  const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
  const start = fc.constantFrom('\u001b[', '\u001b]', '\r', '');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), start, (a, b) => {
      const text = a + b + a;
      for (const clean of [cleanForTerminal(text), oneLine(text), shownText(text, '?')])
        expect(clean).not.toMatch(controls);
      expect(oneLine(text) + shownText(text, '?')).not.toContain('\t');
    }),
  );
});
