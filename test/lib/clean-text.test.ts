import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, oneLine } from '../../src/lib/text.ts';
import { jsonLine, jsonText, shortened, shownText } from '../../src/report/text.ts';
import { cleanForTerminal, cleanLines } from '../../src/ui/text.ts';

test.each([
  ['a color', '\u001b[31mred\u001b[0m', 'red'],
  ['cursor movement', 'a\u001b[2A\u001b[0Jb', 'ab'],
  ['a window title', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a title that ends with ST', 'a\u001b]0;owned\u001b\\b', 'ab'],
  ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['an eight-bit sequence', 'a\u009b2Kb', 'ab'],
  ['a sequence without an end', 'a\u001b]0;never ends', 'a]0;never ends'],
  ['a carriage return', 'good\rbad', 'goodbad'],
  ['a backspace', 'ab\u0008', 'ab'],
  ['an override of direction', 'user\u202Etxt.exe', 'usertxt.exe'],
  ['isolates and marks', '\u2066a\u2069\u200fb\u061c', 'ab'],
  ['a line end', 'a\nb', 'ab'],
  ['a password', 'no https://ci:p4ss:w@h.example/x', 'no https://ci:***@h.example/x'],
  ['a token without a user', 'git clone https://:t0ken@h/x', 'git clone https://:***@h/x'],
  ['nothing of a script', 'a\tß 漢字 עברית 👩‍🚀', 'a\tß 漢字 עברית 👩‍🚀'],
  ['nothing of an address', 'http://h:80/a@b https://user@h/x', 'http://h:80/a@b https://user@h/x'],
])('a terminal is not given %s', (_name, text, clean) => {
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

test.each([
  ['plain', 'plain'],
  ['a\nb\tc', 'a b c'],
  ['\u001b[31mred', '\ufffd[31mred'],
  ['a\u202eb', 'a\ufffdb'],
  ['\ud800x', '\ufffdx'],
  ['x\udc00', 'x\ufffd'],
  ['😀 ok', '😀 ok'],
  ['✔\ufe0f', '✔\ufe0f'],
  ['a\u3164b\u115fc', 'a\ufffdb\ufffdc'],
  ['a\u{e0041}\u{e0101}', 'a\ufffd\ufffd'],
  ['a\ufffe\u{1ffff}', 'a\ufffd\ufffd'],
  ['a\u2028b', 'a b'],
  ['e\u0301\u0301\u0301\u0301\u0301\u0301x', 'e\u0301\u0301\u0301\u0301x'],
])('a report shows %j as %j', (text, clean) => {
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

test.each([
  ['bin/##vso[task.setvariable variable=x]y', 'bin/##vso [task.setvariable variable=x]y'],
  ['##[set-output name=level;]5', '## [set-output name=level;]5'],
  ['##VSO[task.prependpath]/x', '##VSO [task.prependpath]/x'],
  ['a###[error]', 'a### [error]'],
  ["##teamcity[setParameter name='x']", "##teamcity [setParameter name='x']"],
  ['a ::set-output name=level::5', 'a : :set-output name=level::5'],
  ['::ERROR::x', ': :ERROR::x'],
  ['## Heading [a]', '## Heading [a]'],
  ['std::chrono::now', 'std::chrono::now'],
])('a CI system finds no command in %j', (text, clean) => {
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
