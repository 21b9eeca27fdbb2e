import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findHabits, sentences } from './prose/habits.ts';
import { stringLiterals } from './prose/string-literals.ts';

const SRC = resolve(import.meta.dirname, '../src');

const ROOMS = readdirSync(SRC).filter((name) => !name.includes('.'));

function sources(room: string): readonly string[] {
  return (readdirSync(join(SRC, room), { recursive: true }) as string[])
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(room, name));
}

describe('the linter of words', () => {
  test.each([
    ['it is no image', 'is no X'],
    ['mend the line', 'old verbs'],
    ['it takes the bits out and it is told so', 'old verbs'],
    ['the image holds no shell', 'is no X'],
    ['the layout holds an image', 'hold'],
    ['whoever has the image', 'clause as a noun'],
    ['a list in place of a text', 'in place of'],
    ['the tag leads to an image', 'leads to'],
    ['13 executables looked at', 'looked at'],
    ['the file is not there', 'not there'],
    ['normalised behaviour', 'British spelling'],
    [`${'word, '.repeat(31)}.`, '31 words'],
  ])('finds %j', (text, name) => {
    expect(findHabits(text).map((found) => found.split(/ \(|: /)[0])).toContain(name);
  });

  test('leaves plain sentences and lists of names alone', () => {
    expect(findHabits('X is not a minimal image. It is no longer supported.')).toEqual([]);
    expect(findHabits('awk '.repeat(40))).toEqual([]);
    expect(sentences('One. Two (see b.md). Three?\nFour')).toEqual([
      'One.',
      'Two (see b.md).',
      'Three?',
      'Four',
    ]);
  });

  test('reads literals, sums, templates and JSX, and what they fill in', () => {
    const source = [
      "import 'a module name';",
      "const a = 'one text' + ' in two parts';",
      "const b = `a ${c ? 'word of two' : d} value`;",
      'const e = <Text>shown to people</Text>;',
      "const f: 'a type here' = { 'a key here': g['an index'] };",
      "const h = 'sh bash dash'.split(' ');",
      "const i = /a regular expression/.test('k');",
    ].join('\n');
    expect(stringLiterals(source)).toEqual([
      { line: 2, text: 'one text in two parts' },
      { line: 3, text: 'a VALUE value' },
      { line: 3, text: 'word of two' },
      { line: 4, text: 'shown to people' },
    ]);
  });
});

describe('what Scoville says', () => {
  test.each(ROOMS)('src/%s is in plain words', (room) => {
    const found = sources(room).flatMap((name) =>
      stringLiterals(readFileSync(join(SRC, name), 'utf8'), name).flatMap(({ line, text }) =>
        findHabits(text).map((problem) => `src/${name}:${String(line)} ${problem}`),
      ),
    );
    expect(found).toEqual([]);
  });
});
