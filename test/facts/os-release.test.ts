import { describe, expect, test } from 'vitest';
import { parseOsRelease } from '../../src/facts/distribution.ts';

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
