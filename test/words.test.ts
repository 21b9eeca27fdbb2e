import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { comments } from './prose/comments.ts';
import { findHabits, longSentences, sentences } from './prose/habits.ts';
import { longLines, passages } from './prose/markdown.ts';
import { stringLiterals } from './prose/string-literals.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** Long sentences that are left in the reference pages, records and changes. It only falls. */
const LONG_SENTENCES_LEFT = 125;

/** Pages that teach: none of their sentences is long. */
const TEACHING =
  /^(?:README\.md|docs\/(?:tutorials|how-to|explanation)\/|docs\/(?:README|faq|troubleshooting|comparison)\.md)/;

const ROOMS = readdirSync(SRC).filter((name) => !name.includes('.'));

function sources(room: string): readonly string[] {
  return (readdirSync(join(SRC, room), { recursive: true }) as string[])
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(room, name));
}

/** The pages of Markdown that people read. */
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...(readdirSync(join(ROOT, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
];

function pageText(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

function longIn(page: string): readonly string[] {
  // A cell that lists what a flag takes is not a sentence.
  const read = passages(pageText(page)).filter(({ text }) => !/^(?:CODE(?:, )?)+$/.test(text));
  return read.flatMap(({ line, text }) =>
    longSentences(text).map((problem) => `${page}:${String(line)} ${problem}`),
  );
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
    ['compare: VALUE differences', 'a count of one'],
    ['normalised behaviour', 'British spelling'],
    [`${'word, '.repeat(31)}.`, '31 words'],
  ])('finds %j', (text, name) => {
    expect(
      [...findHabits(text), ...longSentences(text)].map((found) => found.split(/ \(|: /)[0]),
    ).toContain(name);
  });

  test('leaves plain sentences and lists of names alone', () => {
    expect(findHabits('X is not a minimal image. It is no longer supported.')).toEqual([]);
    expect(longSentences('awk '.repeat(40))).toEqual([]);
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

  test('reads comments, and lines of them in a row as one', () => {
    const source = [
      '/** Units of `told`:',
      ' * bytes. */',
      'const a = "// no comment"; // a first',
      '// a second',
      '// in two lines',
      'const b = `/* none ${ c /* inside */ } */`;',
      '// eslint-disable-next-line no-x -- a reason',
      'const d = /[/*]/;',
    ].join('\n');
    expect(comments(source)).toEqual([
      { line: 1, text: 'Units of CODE: bytes.' },
      { line: 3, text: 'a first' },
      { line: 4, text: 'a second in two lines' },
      { line: 6, text: 'inside' },
      { line: 7, text: 'a reason' },
    ]);
  });
});

describe('what Scoville says', () => {
  test.each(ROOMS)('src/%s is in plain words', (room) => {
    expect(problems(room, stringLiterals)).toEqual([]);
  });

  test.each(ROOMS)('comments of src/%s are in plain words', (room) => {
    expect(problems(room, comments)).toEqual([]);
  });
});

function problems(room: string, read: typeof stringLiterals): readonly string[] {
  return sources(room).flatMap((name) =>
    read(readFileSync(join(SRC, name), 'utf8'), name).flatMap(({ line, text }) =>
      [...findHabits(text), ...longSentences(text)].map(
        (problem) => `src/${name}:${String(line)} ${problem}`,
      ),
    ),
  );
}

test('comments of the source wrap at 100 columns', () => {
  const long = ROOMS.flatMap(sources).flatMap((name) =>
    readFileSync(join(SRC, name), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        line.length > 100 && /^ *(?:\/\*\*?|\/\/(?! eslint)|\*) (?!.*https:)/.test(line)
          ? [`src/${name}:${String(i + 1)}`]
          : [],
      ),
  );
  expect(long).toEqual([]);
});

describe('the linter of pages', () => {
  const page = [
    '# A title',
    'A paragraph over',
    'two lines with `code told here` and a [link](that-leads-to.md).',
    '```sh',
    'whoever reads code',
    '```',
    '| a cell | another |',
    '- an item',
  ].join('\n');

  test('reads paragraphs, items and cells, without code and targets', () => {
    expect(passages(page).map(({ text }) => text)).toEqual([
      '# A title',
      'A paragraph over two lines with CODE and a [link].',
      '',
      'a cell',
      'another',
      '',
      '- an item',
    ]);
  });

  test('finds lines that could be broken, and no others', () => {
    const long = 'word '.repeat(30).trim();
    const text = [
      long,
      `| ${long} |`,
      `https://example.com/${'a'.repeat(120)}`,
      '```',
      long,
      '```',
    ];
    expect(longLines(text.join('\n'), 100)).toEqual([1]);
  });
});

describe('the pages', () => {
  test.each(PAGES)('%s is in plain words, in lines of 100 columns', (page) => {
    const text = pageText(page);
    const found = passages(text).flatMap(({ line, text: passage }) =>
      findHabits(passage).map((problem) => `${page}:${String(line)} ${problem}`),
    );
    expect(found).toEqual([]);
    expect(longLines(text, 100).map((line) => `${page}:${String(line)}`)).toEqual([]);
  });

  test('those that teach have no long sentence', () => {
    expect(PAGES.filter((page) => TEACHING.test(page)).flatMap(longIn)).toEqual([]);
  });

  test('all others have no more long sentences than are left', () => {
    const left = PAGES.filter((page) => !TEACHING.test(page)).flatMap(longIn);
    expect(left.length).toBeLessThanOrEqual(LONG_SENTENCES_LEFT);
  });
});
