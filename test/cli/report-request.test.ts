import { expect, test } from 'vitest';
import { parseReportRequests } from '../../src/cli/flag-table.ts';
import { REPORT_FORMATS } from '../../src/model/report.ts';

test.each(REPORT_FORMATS)('%s with and without a file', (format) => {
  expect(parseReportRequests([format, `${format}=a=b`])).toEqual({
    ok: true,
    value: [{ format }, { format, file: 'a=b' }],
  });
});

test.each([
  [[''], '--report needs a value'],
  [['pdf=x'], `invalid value "pdf" for --report; use one of ${REPORT_FORMATS.join(', ')}`],
  [['JSON'], `invalid value "JSON" for --report; use one of ${REPORT_FORMATS.join(', ')}`],
  [['html='], '--report html= does not name a file'],
  [['json=a', 'html=a'], '--report names "a" twice; each report needs its own file'],
])('%j is refused', (values, error) => {
  expect(parseReportRequests(values)).toEqual({ ok: false, error });
});
