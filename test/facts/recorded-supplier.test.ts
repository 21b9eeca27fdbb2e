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

const ubuntu = {
  kind: 'organization',
  name: 'Ubuntu Developers',
  email: 'u@lists.ubuntu.com',
};
const NPM = 'app/node_modules/a/package.json';
const METADATA = 'lib/a-1.dist-info/METADATA';
const python = (fields: string): string => `Name: a\nVersion: 1\n${fields}\n`;
const npm = (fields: string): string => `{"name":"a","version":"1"${fields}}`;
const bare = { kind: 'person', name: 'Jane' };
const STATUS = `Package: a
Status: install ok installed
Version: 1
Maintainer: Ubuntu Developers <u@lists.ubuntu.com>
Original-Maintainer: Jane <j@example.com>
`;
const GEMSPEC = '# stub: a 1 ruby lib\n  s.authors = ["Jane".freeze, "Other".freeze]\n';
const PALLETS = 'Maintainer: Pallets Project\nAuthor: Jane\nAuthor-email: j@example.com';
const COMPOSER =
  '[{"name":"a/b","version":"1","authors":[{"name":"Jane","email":"j@example.com"}]}]';

test.each([
  ['deb', 'var/lib/dpkg/status', STATUS, { supplier: ubuntu, originator: jane }],
  [
    'apk',
    'lib/apk/db/installed',
    'P:a\nV:1\nm:Jane <j@example.com>\n',
    { ...nobody, supplier: jane },
  ],
  ['npm', NPM, npm(',"author":{"name":"Jane","email":"j@example.com"}'), both],
  ['npm without an author', NPM, npm(',"maintainers":["Jane <j@example.com>"]'), both],
  ['npm, nobody', NPM, npm(''), nobody],
  ['python', METADATA, python('Author: Jane\nAuthor-email: j@example.com'), both],
  [
    'a name in it',
    METADATA,
    python('Author-email: Jane <j@example.com>, Other <o@example.com>'),
    both,
  ],
  [
    'python, another maintainer',
    METADATA,
    python(PALLETS),
    { supplier: { kind: 'organization', name: 'Pallets Project' }, originator: jane },
  ],
  ['python, nobody', METADATA, python('Author: UNKNOWN'), nobody],
  ['gem', 'gems/specifications/a-1.gemspec', GEMSPEC, { supplier: bare, originator: bare }],
  ['composer', 'app/vendor/composer/installed.json', COMPOSER, both],
])('%s', (_type, path, text, { supplier, originator }) => {
  const [found] = image([file(path, text)]).packages;
  expect([found?.supplier, found?.originator]).toEqual([supplier, originator]);
});
