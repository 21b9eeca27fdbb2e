import { expect, test } from 'vitest';
import { parseBuildArgs } from '../../src/build/command-line.ts';
import { REPORT_FORMATS } from '../../src/model/report.ts';
import { parsed } from './given.ts';

test.each([
  [['--lock', '.'], true],
  [['--lock=true', '.'], true],
  [['--lock=false', '.'], false],
  [['--lock=x/y.lock', '.'], 'x/y.lock'],
])('%j: a value is joined to --lock, and what follows is the context', (argv, lock) => {
  expect(parsed(...argv)).toMatchObject({ context: '.', own: { lock } });
});

test.each([
  ['--min-level=6', 'invalid value "6" for --min-level; use one of 0, 1, 2, 3, 4, 5'],
  ['--min-grade=E', 'invalid value "E" for --min-grade; use one of A+, A, B, C, D'],
  ['--report=pdf', `invalid value "pdf" for --report; use one of ${REPORT_FORMATS.join(', ')}`],
  ['--report=json=', '--report json= does not name a file'],
  ['--max-age=0', '--max-age takes a whole number of days from 1 to 36500, not "0"'],
  ['--max-age=1e3', '--max-age takes a whole number of days from 1 to 36500, not "1e3"'],
  ['--plain-http=http://r', '--plain-http takes a host with an optional port, not "http://r"'],
  ['--key=', '--key needs a value'],
  ['--lock=', '--lock needs a value'],
])('%s is bad usage', (flag, message) => {
  expect(parseBuildArgs([flag, '.'], {})).toEqual({ ok: false, error: { message, exitCode: 2 } });
});
