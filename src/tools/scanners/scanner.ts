import { cleanText } from '../../model/clean-text.ts';
import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { type Result, err } from '../../model/result.ts';
import type { RunTool, ToolRun } from '../../model/run.ts';
import { completed } from '../completed-run.ts';
import { TOOLS, type ToolName } from '../tool-names.ts';

/** What to scan: an OCI layout with one image in index.json, or a CycloneDX SBOM with purls. */
export type ScanTarget =
  | { readonly kind: 'layout'; readonly dir: string }
  | { readonly kind: 'sbom'; readonly file: string };

/** What a scan needs. We apply VEX later, in the same way for every scanner. */
export interface ScanRequest {
  readonly target: ScanTarget;
  /** No network: the database that is there has to do. */
  readonly offline: boolean;
  /** Present time, milliseconds since 1970: the date of a service that is always fresh. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs a scanner to its end and gives what it printed, or why it could not scan: its last word. It
 * runs in the root folder, so that neither a project nor a layout from elsewhere brings it ignore
 * rules. Throws on abort only.
 */
export async function scanOutput(
  run: RunTool,
  tool: ToolName,
  args: readonly string[],
  options: { readonly signal?: AbortSignal; readonly env?: ToolRun['env'] } = {},
): Promise<Result<string>> {
  const { signal, env } = options;
  const report: string[] = [];
  let size = 0;
  const what: ToolRun = {
    command: TOOLS[tool].command,
    args,
    cwd: '/',
    timeoutMs: 600_000,
    stdout: 'lines',
    onStdoutLine: (line) => {
      size += line.length;
      if (size <= MOST_CHARACTERS) report.push(line);
    },
    ...(env === undefined ? {} : { env }),
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await completed(run, tool, what);
  if (result.exitCode !== 0)
    return err(scannerSaid(result.stderr) || `exit code ${result.exitCode}`);
  if (size > MOST_CHARACTERS) return err('its report is too large');
  // A line end inside of JSON means nothing, and a line too long for one call comes in pieces.
  return { ok: true, value: report.join('') };
}

/** Of a report; grype writes about 10 KB for each match. */
const MOST_CHARACTERS = 128 * 1024 * 1024;

/** The stderr line with the reason; a missing database first, which scanners say a lot about. */
export function scannerSaid(stderr: string): string {
  const lines = cleanText(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.findLast(
    (line) => /database|\bDB\b/i.test(line) && /err|fail|unable|fatal/i.test(line),
  );
  return (telling ?? lines.at(-1) ?? '').slice(0, 500);
}

/** A report that is not JSON of the scanner's kind. */
export function unreadable(): Result<VulnerabilitiesFact> {
  return err('its report cannot be read');
}
