import { describe, expect, test } from 'vitest';
import { ExtractedLicences } from '../../src/attestations/spdx-licences.ts';

describe('ExtractedLicences', () => {
  test.each([
    [[], 'NOASSERTION'],
    [['MIT'], 'MIT'],
    [['MIT', 'mit'], 'MIT'],
    [['MIT', 'ISC OR Zlib'], 'MIT AND (ISC OR Zlib)'],
    [['MIT OR ISC'], 'MIT OR ISC'],
  ])('%j declares %s', (recorded, expression) => {
    const licences = new ExtractedLicences();
    expect(licences.declared(recorded)).toBe(expression);
    expect(licences.list()).toEqual([]);
  });

  test('free text becomes a reference that the document defines, once', () => {
    const licences = new ExtractedLicences();
    const declared = licences.declared(['Copyright © ACME, all rights reserved']);
    expect(declared).toMatch(
      /^LicenseRef-scoville-Copyright-ACME-all-rights-reserved-[0-9a-f]{12}$/,
    );
    expect(licences.declared(['Copyright © ACME, all rights reserved'])).toBe(declared);
    expect(licences.list()).toEqual([
      {
        licenseId: declared,
        extractedText: 'Copyright © ACME, all rights reserved',
        name: 'Copyright © ACME, all rights reserved',
      },
    ]);
  });

  test('texts that look alike stay apart', () => {
    const licences = new ExtractedLicences();
    expect(licences.declared(['ours!'])).not.toBe(licences.declared(['ours?']));
    expect(licences.declared(['***'])).toMatch(/^LicenseRef-scoville-text-[0-9a-f]{12}$/);
  });
});
