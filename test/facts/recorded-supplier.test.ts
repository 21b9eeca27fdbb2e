import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlainText, recordedSupplier } from '../../src/facts/packages/record.ts';
import { file, image } from './support.ts';

test.each([
  ['Jane Doe <jane@example.com>', 'person', 'Jane Doe', 'jane@example.com'],
  ['"Doe, Jane" <jane@example.com>', 'person', 'Doe, Jane', 'jane@example.com'],
  ['Jane Doe <jane@example.com> (https://example.com)', 'person', 'Jane Doe', 'jane@example.com'],
  ['Jane Doe (https://example.com)', 'person', 'Jane Doe', undefined],
  ['Jane (JD) Doe <jane@example.com>', 'person', 'Jane JD Doe', 'jane@example.com'],
  ['jane@example.com', 'person', 'jane@example.com', undefined],
  ['<jane@example.com>', 'person', 'jane@example.com', undefined],
  [
    'GNU Libc Maintainers <x@lists.debian.org>',
    'organization',
    'GNU Libc Maintainers',
    'x@lists.debian.org',
  ],
  ['Debian Foo <foo@lists.debian.org>', 'organization', 'Debian Foo', 'foo@lists.debian.org'],
  ['Jane <not an address>', 'person', 'Jane', undefined],
])('%s', (stated, kind, name, email) => {
  expect(recordedSupplier(stated)).toEqual({
    kind,
    name,
    ...(email === undefined ? {} : { email }),
  });
});

test.each([
  ['UNKNOWN'],
  ['(none)'],
  [''],
  ['()'],
  [undefined],
  [7],
  [{ email: 'a@b.example' }],
  [`${'x'.repeat(300)} <a@b.example>`],
  ['a\u001b[2J'],
])('%j names nobody', (stated) => {
  expect(recordedSupplier(stated)).toBeUndefined();
});

test('whatever is recorded, names and addresses are ones that documents can carry', () => {
  const piece = fc.constantFrom('<', '>', '(', ')', '"', '@', ' ', 'a', '\n', '\u0000', 'team');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const found = recordedSupplier(pieces.join(''));
      if (found === undefined) return;
      expect(isPlainText(found.name)).toBe(true);
      expect(found.name).not.toMatch(/[()]|^\s|\s$/);
      expect(found.email ?? 'a@b').toMatch(/^[^\s()<>]+@[^\s()<>]+$/);
    }),
  );
});

const nobody = { supplier: undefined, originator: undefined };
const jane = { kind: 'person', name: 'Jane', email: 'j@example.com' };
const both = { supplier: jane, originator: jane };

test.each([
  [
    'deb',
    'var/lib/dpkg/status',
    'Package: a\nStatus: install ok installed\nVersion: 1\nMaintainer: Ubuntu Developers <u@lists.ubuntu.com>\nOriginal-Maintainer: Jane <j@example.com>\n',
    {
      supplier: { kind: 'organization', name: 'Ubuntu Developers', email: 'u@lists.ubuntu.com' },
      originator: jane,
    },
  ],
  [
    'apk',
    'lib/apk/db/installed',
    'P:a\nV:1\nm:Jane <j@example.com>\n',
    { ...nobody, supplier: jane },
  ],
  [
    'npm',
    'app/node_modules/a/package.json',
    '{"name":"a","version":"1","author":{"name":"Jane","email":"j@example.com"}}',
    both,
  ],
  [
    'npm without an author',
    'app/node_modules/a/package.json',
    '{"name":"a","version":"1","maintainers":["Jane <j@example.com>"]}',
    both,
  ],
  ['npm, nobody', 'app/node_modules/a/package.json', '{"name":"a","version":"1"}', nobody],
  [
    'python',
    'lib/a-1.dist-info/METADATA',
    'Name: a\nVersion: 1\nAuthor: Jane\nAuthor-email: j@example.com\n',
    both,
  ],
  [
    'python, a name in the address',
    'lib/a-1.dist-info/METADATA',
    'Name: a\nVersion: 1\nAuthor-email: Jane <j@example.com>, Other <o@example.com>\n',
    both,
  ],
  [
    'python, another maintainer',
    'lib/a-1.dist-info/METADATA',
    'Name: a\nVersion: 1\nMaintainer: Pallets Project\nAuthor: Jane\nAuthor-email: j@example.com\n',
    { supplier: { kind: 'organization', name: 'Pallets Project' }, originator: jane },
  ],
  [
    'python, nobody',
    'lib/a-1.dist-info/METADATA',
    'Name: a\nVersion: 1\nAuthor: UNKNOWN\n',
    nobody,
  ],
  [
    'gem',
    'gems/specifications/a-1.gemspec',
    '# stub: a 1 ruby lib\n  s.authors = ["Jane".freeze, "Other".freeze]\n',
    { supplier: { kind: 'person', name: 'Jane' }, originator: { kind: 'person', name: 'Jane' } },
  ],
  [
    'composer',
    'app/vendor/composer/installed.json',
    '[{"name":"a/b","version":"1","authors":[{"name":"Jane","email":"j@example.com"}]}]',
    both,
  ],
])('%s', (_type, path, text, { supplier, originator }) => {
  const [found] = image([file(path, text)]).packages;
  expect([found?.supplier, found?.originator]).toEqual([supplier, originator]);
});
