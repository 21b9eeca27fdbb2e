import { REPORT_FORMATS, type ReportFormat, type ReportRequest } from '../model/report.ts';
import { err, ok, type Result } from '../model/result.ts';

/** Reads one value of `--report`, `FORMAT[=FILE]`; the error is the whole message for the user. */
export function parseReportRequest<F extends ReportFormat>(
  value: string,
  formats: readonly F[],
): Result<ReportRequest<F>> {
  if (value === '') return err('--report needs a value');
  const equals = value.indexOf('=');
  const name = equals < 0 ? value : value.slice(0, equals);
  const format = formats.find((known) => known === name);
  if (format === undefined)
    return err(
      `invalid value ${JSON.stringify(name)} for --report; use one of ${formats.join(', ')}`,
    );
  if (equals < 0) return ok({ format });
  const file = value.slice(equals + 1);
  return file === '' ? err(`--report ${value} does not name a file`) : ok({ format, file });
}

/** Reads all values of `--report`. Two reports may share stdout, but not a file. */
export function parseReportRequests(values: readonly string[]): Result<readonly ReportRequest[]>;
export function parseReportRequests<F extends ReportFormat>(
  values: readonly string[],
  formats: readonly F[],
): Result<readonly ReportRequest<F>[]>;
export function parseReportRequests(
  values: readonly string[],
  formats: readonly ReportFormat[] = REPORT_FORMATS,
): Result<readonly ReportRequest[]> {
  const requests: ReportRequest[] = [];
  for (const value of values) {
    const read = parseReportRequest(value, formats);
    if (!read.ok) return read;
    const { file } = read.value;
    if (file !== undefined && requests.some((one) => one.file === file))
      return err(`--report names ${JSON.stringify(file)} twice; each report needs its own file`);
    requests.push(read.value);
  }
  return ok(requests);
}
