import { describe, expect, test } from 'vitest';
import { parseReportRequest, parseReportRequests } from '../../src/cli/flag-table.ts';
import { REPORT_FORMATS } from '../../src/model/report.ts';

describe('parseReportRequest', () => {
  test.each(REPORT_FORMATS)('%s with and without a file', (format) => {
    expect(parseReportRequest(format, REPORT_FORMATS)).toEqual({ ok: true, value: { format } });
    expect(parseReportRequest(`${format}=a=b`, REPORT_FORMATS)).toEqual({
      ok: true,
      value: { format, file: 'a=b' },
    });
  });

  test.each([
    ['', '--report needs a value'],
    ['pdf=x', `invalid value "pdf" for --report; use one of ${REPORT_FORMATS.join(', ')}`],
    ['JSON', `invalid value "JSON" for --report; use one of ${REPORT_FORMATS.join(', ')}`],
    ['html=', '--report html= does not name a file'],
  ])('%j is refused', (value, error) => {
    expect(parseReportRequest(value, REPORT_FORMATS)).toEqual({ ok: false, error });
  });
});

describe('parseReportRequests', () => {
  test('no file is written twice', () => {
    expect(parseReportRequests(['json=a', 'html=a'])).toEqual({
      ok: false,
      error: '--report names "a" twice; each report needs its own file',
    });
  });
});
