import type { VulnerabilitiesFact } from '../model/facts.ts';
import { type Result, err } from '../model/result.ts';
import type { RunTool, ToolRun } from '../model/run.ts';
import { completed } from './completed-run.ts';
import { cleanText } from './describe-run.ts';
import type { ToolName } from './tool-names.ts';

/** What a scan needs. */
export interface ScanRequest {
  /** Folder of an OCI layout whose index.json lists one image. */
  readonly layoutDir: string;
  /** OpenVEX or CycloneDX VEX files. */
  readonly vexFiles: readonly string[];
  readonly signal?: AbortSignal;
}

/** Runs a scanner to its end and gives what it printed, or why it could not scan: its last word. Throws on abort only. */
export async function scanOutput(
  run: RunTool,
  tool: ToolName,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Result<string>> {
  const what: ToolRun = {
    command: tool,
    args,
    timeoutMs: 600_000,
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await completed(run, tool, what);
  if (result.exitCode === 0) return { ok: true, value: result.stdout };
  return err(`${tool}: ${scannerSaid(result.stderr) || `exit code ${result.exitCode}`}`);
}

/** The line of stderr that says why: of a missing database first, for a scanner says much about it. */
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

/** A report that is no JSON of the scanner's kind. */
export function unreadable(tool: ToolName): Result<VulnerabilitiesFact> {
  return err(`${tool}: its report cannot be read`);
}
