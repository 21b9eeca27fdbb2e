import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownText, jsonLine, jsonText } from '../../src/report/text.ts';
import { cleanForTerminal } from '../../src/ui/text.ts';

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
])('%j is printed as %j', (text, clean) => {
  expect(shownText(text)).toBe(clean);
  expect(cleanForTerminal(text)).toBe(clean);
});

test('nothing that is taken out puts a command together', () => {
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

test('JSON says the same', () => {
  const value = { path: 'bin/##vso[task.setvariable variable=x]y', other: ['###[error]z', '##'] };
  for (const json of [jsonText(value), jsonLine(value)]) {
    expect(json).not.toMatch(ANYWHERE);
    expect(JSON.parse(json)).toEqual(value);
  }
});
