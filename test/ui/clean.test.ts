import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanForTerminal, cleanLines } from '../../src/ui/text.ts';

describe('cleanForTerminal', () => {
  test.each([
    ['a colour', '\u001b[31mred\u001b[0m', 'red'],
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
  ])('takes out %s', (_name, text, clean) => {
    expect(cleanForTerminal(text)).toBe(clean);
  });

  test.each(['a\tß 漢字 עברית 👩‍🚀', 'http://h:80/a@b', 'https://user@h/x'])('leaves %j', (text) => {
    expect(cleanForTerminal(text)).toBe(text);
  });

  test('leaves nothing that steers, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\u001b[', '\u001b]', '\r'),
        (a, b) => {
          expect(cleanForTerminal(a + b + a)).not.toMatch(
            /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
          );
        },
      ),
    );
  });
});

test('cleanLines keeps lines apart', () => {
  expect(cleanLines('a\u001b[31m\nb\r\nc')).toBe('a\nb\nc');
});
