import { describe, expect, test } from 'vitest';
import { ExtractedLicenses } from '../../src/trust/licenses.ts';

describe('ExtractedLicenses', () => {
  test.each([
    [[], 'NOASSERTION'],
    [['MIT'], 'MIT'],
    [['MIT', 'mit'], 'MIT'],
    [['MIT', 'ISC OR Zlib'], 'MIT AND (ISC OR Zlib)'],
    [['MIT OR ISC'], 'MIT OR ISC'],
  ])('%j declares %s', (recorded, expression) => {
    const licenses = new ExtractedLicenses();
    expect(licenses.declared(recorded)).toBe(expression);
    expect(licenses.list()).toEqual([]);
  });

  test('free text becomes a reference that the document defines, once', () => {
    const licenses = new ExtractedLicenses();
    const declared = licenses.declared(['Copyright © ACME, all rights reserved']);
    expect(declared).toMatch(
      /^LicenseRef-scoville-Copyright-ACME-all-rights-reserved-[0-9a-f]{12}$/,
    );
    expect(licenses.declared(['Copyright © ACME, all rights reserved'])).toBe(declared);
    expect(licenses.list()).toEqual([
      {
        licenseId: declared,
        extractedText: 'Copyright © ACME, all rights reserved',
        name: 'Copyright © ACME, all rights reserved',
      },
    ]);
  });

  test('texts that look alike stay apart', () => {
    const licenses = new ExtractedLicenses();
    expect(licenses.declared(['ours!'])).not.toBe(licenses.declared(['ours?']));
    expect(licenses.declared(['***'])).toMatch(/^LicenseRef-scoville-text-[0-9a-f]{12}$/);
  });
});
