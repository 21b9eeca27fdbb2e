import { once } from '../lib/once.ts';
import { UserError } from '../model/errors.ts';
import type { RunTool } from '../model/run.ts';
import { completed } from './completed-run.ts';
import { TOOLS, type ToolName, howToInstall, missingTool } from './tool-names.ts';

/** What a tool reports. `number` is undefined for builds without one (Debian's cosign: `devel`). */
interface ToolVersion {
  readonly tool: ToolName;
  readonly number: string | undefined;
}

/**
 * The version of a tool, asked once for each runner. Throws UserError where the tool is missing or
 * older than what is needed.
 */
export async function requireTool(run: RunTool, tool: ToolName): Promise<ToolVersion> {
  const version = await toolVersion(run, tool);
  const { minimum, title } = TOOLS[tool];
  const { number } = version;
  if (minimum !== undefined && number !== undefined && compareVersions(number, minimum) < 0)
    throw new UserError(`${title} ${number} is too old: ${minimum} or newer is needed`, {
      nextStep: howToInstall(tool),
    });
  return version;
}

/** The same of a tool of any age. Throws UserError where it is missing. */
export function toolVersion(run: RunTool, tool: ToolName): Promise<ToolVersion> {
  return ASK[tool](run);
}

const ASK = Object.fromEntries(
  Object.keys(TOOLS).map((name) => {
    const tool = name as ToolName;
    return [tool, once((run: RunTool) => askVersion(run, tool))];
  }),
) as Record<ToolName, (run: RunTool) => Promise<ToolVersion>>;

async function askVersion(run: RunTool, tool: ToolName): Promise<ToolVersion> {
  const { command, versionArgs } = TOOLS[tool];
  const result = await completed(run, tool, { command, args: versionArgs, timeoutMs: 30_000 });
  // `docker buildx` without the plugin ends with docker's own usage error.
  if (result.exitCode !== 0) throw missingTool(tool);
  return { tool, number: parseVersion(result.stdout) };
}

/** The first `MAJOR.MINOR[.PATCH]` in version output, as three numbers; undefined if none. */
export function parseVersion(output: string): string | undefined {
  const ownField = /"(?:gitVersion|version|Version)"\s*:\s*"([^"]*)"/.exec(output)?.[1];
  const found = /(?:^|[^\w.])v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?/.exec(ownField ?? output);
  return found === null ? undefined : `${found[1] ?? 0}.${found[2] ?? 0}.${found[3] ?? 0}`;
}

/** Negative where `a` is older than `b`; both as `parseVersion` gives them. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let part = 0; part < 3; part += 1) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
