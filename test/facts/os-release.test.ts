import { describe, expect, test } from 'vitest';
import { parsePasswd } from '../../src/facts/filesystem/filesystem.ts';
import { parseOsRelease } from '../../src/facts/os-release.ts';

describe('parseOsRelease', () => {
  test.each([
    ['ID=debian\nVERSION_CODENAME=trixie', { id: 'debian', versionCodename: 'trixie' }],
    ['ID="alpine"\nVERSION_ID=\'3.21.0\'\n', { id: 'alpine', versionId: '3.21.0' }],
    ['# ID=no\n\nNAME=x\n', { id: 'linux' }],
    ['ID=a\u001b[31mb', { id: 'a [31mb' }],
    ['PRETTY_NAME="a \\"b\\" \\$c"\nID=x\r\n', { id: 'x', prettyName: 'a "b" $c' }],
    ['', undefined],
    ['nonsense', undefined],
  ])('%j', (text, expected) => {
    expect(parseOsRelease(text)).toEqual(expected);
  });
});

test('parsePasswd takes the first line of a name, and odd lines as engines do', () => {
  const text =
    'root:x:0:0:r:/:/bin/sh\napp:x:1000:1000\napp:x:0:0\nx:x:-1:0\ny:x:99999999999:0\n+nis::::\n__proto__:x:5:5\n';
  expect(Object.entries(parsePasswd(text))).toEqual([
    ['root', 0],
    ['app', 1000],
    ['x', 4294967295],
    ['y', 1215752191],
    ['+nis', 0],
    ['__proto__', 5],
  ]);
});
