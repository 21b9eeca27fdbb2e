import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandSecrets } from '../../src/facts/secrets/document-secrets.ts';
import { cellText, tableRows } from '../fakes/table.ts';

const values = (text: string): readonly string[] => commandSecrets(text).map(({ value }) => value);

test.each(tableRows('test/facts/command-secrets.tsv'))('%s', (text, ...expected) => {
  expect(values(cellText(text))).toEqual(expected.map(cellText));
});

test('any text is read, whatever quotes and brackets it opens', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('"', "'", '`', '$(', ')', '\\', '\n', '<<E', '|', '&', '#', 'a=b', ' '),
      ),
      (parts) => {
        expect(Array.isArray(commandSecrets(parts.join('')))).toBe(true);
      },
    ),
  );
});

test('a long text takes time in line with its length', () => {
  for (const part of ['$(', '"', 'a ', '<<E\n', "('", '`', 'echo a|', 'set '])
    expect(commandSecrets(`chpasswd ${part.repeat(20_000)}`)).toEqual([]);
}, 30_000);

test.each(['|| true', '&& echo ok', '; echo ok', '| cat', '> /dev/null 2>&1 || true'])(
  'a here-document before %s is the input of its command',
  (rest) => {
    const text = `chpasswd <<EOF ${rest}\nroot:Zq7hereP9k\nEOF\necho done`;
    expect(commandSecrets(text)).toEqual([{ rule: 'login-in-command', value: 'Zq7hereP9k' }]);
  },
);

test('a here-document that another command hands on', () => {
  expect(commandSecrets('cat <<EOF | chpasswd\nroot:Zq7hereP9k\nEOF\n')).toEqual([
    { rule: 'login-in-command', value: 'Zq7hereP9k' },
  ]);
});

test('pipe after pipe behind a long line, and as many options and places as there are values', () => {
  const words = 'a '.repeat(100_000);
  for (const text of [
    `echo ${words}${'| '.repeat(100_000)}chpasswd`,
    `echo ${'-n '.repeat(100_000)}| chpasswd`,
    `printf ${'%s'.repeat(100_000)} ${words}| chpasswd`,
  ])
    expect(commandSecrets(text)).toEqual([]);
  expect(commandSecrets("printf '%s:%s' root hunter22 | | chpasswd")).toEqual([
    { rule: 'login-in-command', value: 'hunter22' },
  ]);
}, 30_000);
