import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { folded } from '../../src/ui/text.ts';

test('breaks between words, and goes on below the text', () => {
  const line =
    'scoville: verifying against this user’s key; --key or --certificate-identity name another';
  expect(folded(`${line}\n`, 60)).toBe(
    [
      'scoville: verifying against this user’s key; --key or',
      '  --certificate-identity name another',
      '',
    ].join('\n'),
  );
});

test('what is said of a name goes on in its column', () => {
  expect(folded('- docker   cannot connect to Docker at tcp://127.0.0.1:1', 42)).toBe(
    ['- docker   cannot connect to Docker at', '           tcp://127.0.0.1:1'].join('\n'),
  );
  // A name that takes most of the line leaves no column.
  expect(folded(`  ${'x'.repeat(30)}  one two three four five`, 44)).toBe(
    [`  ${'x'.repeat(30)}  one two`, '    three four five'].join('\n'),
  );
});

test('a command to paste, a path and a digest stay whole', () => {
  const next = `  next: scoville build --min-level 3 -t ${'registry.example.com/'.repeat(3)}app .`;
  expect(folded(next, 60)).toBe(next);
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(folded(`✔ open: my-app, from the layout of builds, ${digest} 0.2s`, 60)).toBe(
    [`✔ open: my-app, from the layout of builds, ${digest}`, '  0.2s'].join('\n'),
  );
  expect(folded('  next: Check that a registry answers at localhost.', 40)).toContain('\n');
});

test('colors are not counted, and stay', () => {
  const text = `\u001b[1mone two three\u001b[22m ${'four five six '.repeat(3)}seven`;
  const lines = folded(text, 40).split('\n');
  expect(lines[0]).toBe('\u001b[1mone two three\u001b[22m four five six four five');
  expect(lines[0]?.length).toBeGreaterThan(40);
});

test('a stream that does not know its columns, and lines that fit, are as they were', () => {
  const text = `${'word '.repeat(40)}\n  two  columns\n\n`;
  expect(folded(text, 0)).toBe(text);
  expect(folded('  two  columns\n\n', 40)).toBe('  two  columns\n\n');
});

test('nothing is lost but blanks, no line is too long that has a place to break, twice is once', () => {
  const words = fc.array(fc.stringMatching(/^[a-z:;✔]{1,25}$/), { maxLength: 40 });
  const gaps = fc.constantFrom(' ', '  ', '\n', '\n  ');
  const texts = fc
    .tuple(words, gaps)
    .map(([all, gap]) => all.map((word, i) => word + (i % 3 === 0 ? gap : ' ')).join(''));
  fc.assert(
    fc.property(texts, fc.integer({ min: 40, max: 120 }), (text, columns) => {
      const result = folded(text, columns);
      const squeezed = (one: string): string => one.replace(/\s+/g, ' ').trim();
      expect(squeezed(result)).toBe(squeezed(text));
      for (const line of stripVTControlCharacters(result).split('\n')) {
        const indent = line.length - line.trimStart().length;
        expect(
          line.length <= columns || indent + 25 + 25 + 2 > columns || /^\s*\S+\s*$/.test(line),
        ).toBe(true);
      }
    }),
  );
});
