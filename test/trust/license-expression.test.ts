import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLicense } from '../../src/trust/licenses.ts';

describe('readLicense', () => {
  test.each([
    ['MIT', 'MIT'],
    ['apache-2.0', 'Apache-2.0'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    [' ISC ', 'ISC'],
    ['MPL-2.0-no-copyleft-exception', 'MPL-2.0-no-copyleft-exception'],
    ['CAL-1.0-Combined-Work-Exception', 'CAL-1.0-Combined-Work-Exception'],
    ['GPL-2.0-with-classpath-exception', 'GPL-2.0-with-classpath-exception'],
  ])('%s is an id', (text, id) => {
    expect(readLicense(text)).toEqual({ kind: 'id', id });
  });

  test.each([
    ['MIT OR Apache-2.0', 'MIT OR Apache-2.0'],
    ['(MIT OR Apache-2.0)', '(MIT OR Apache-2.0)'],
    ['mit and (isc or zlib)', 'MIT AND (ISC OR Zlib)'],
    ['GPL-2.0-only WITH Classpath-exception-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'],
    ['GPL-2.0-only WITH linux-syscall-note', 'GPL-2.0-only WITH Linux-syscall-note'],
    ['EPL-1.0+', 'EPL-1.0+'],
    ['gpl-2.0+', 'GPL-2.0+'],
    ['GPL-2.0-only WITH Nokia-Qt-exception-1.1', 'GPL-2.0-only WITH Nokia-Qt-exception-1.1'],
    ['MIT AND ISC OR Zlib', 'MIT AND ISC OR Zlib'],
  ])('%s is an expression', (text, expression) => {
    expect(readLicense(text)).toEqual({ kind: 'expression', expression, refs: [] });
  });

  test.each([
    '__proto__',
    'constructor',
    'MIT AND constructor',
    'MIT WITH __proto__',
    'GPLv2+',
    'SEE LICENSE IN LICENSE.md',
    'MIT OR',
    'OR MIT',
    '(MIT',
    'MIT)',
    'MIT ISC',
    'MIT WITH MIT',
    'Classpath-exception-2.0',
    'LicenseRef-',
    'DocumentRef-a:LicenseRef-b',
    '',
  ])('%s is only a name', (text) => {
    expect(readLicense(text)).toEqual({ kind: 'name', name: text });
  });

  test('deep nesting and long texts end as names', () => {
    const deep = `${'('.repeat(400)}MIT${')'.repeat(400)}`;
    expect(readLicense(deep)).toEqual({ kind: 'name', name: deep });
    const long = Array.from({ length: 1000 }, () => 'MIT').join(' AND ');
    expect(readLicense(long)).toEqual({ kind: 'name', name: long });
  });

  test('what it writes, it reads again as the same', () => {
    const word = fc.constantFrom(
      'MIT',
      'isc',
      'LicenseRef-x',
      'and',
      'OR',
      'with',
      '(',
      ')',
      'LLVM-exception',
      'odd',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const license = readLicense(words.join(' '));
        if (license.kind === 'expression') expect(readLicense(license.expression)).toEqual(license);
      }),
      { numRuns: 1000 },
    );
  });
});

// Each exception of the list whose name does not say so (spdx-exceptions 2.5.0).
test.each(['LLGPL', 'GPL-CC-1.0', 'Linux-syscall-note', 'SHL-2.0', 'SHL-2.1'])(
  '%s is an exception, not a license',
  (id) => {
    expect(readLicense(id)).toEqual({ kind: 'name', name: id });
    expect(readLicense(`GPL-2.0-only WITH ${id}`)).toEqual({
      kind: 'expression',
      expression: `GPL-2.0-only WITH ${id}`,
      refs: [],
    });
  },
);
