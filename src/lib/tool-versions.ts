import { UserError } from './errors.ts';
import { once } from './parallel.ts';
import { completed } from './run-result.ts';
import type { RunTool } from './run-tool.ts';
import { howToInstall, missingTool, type ToolName, TOOLS } from './tool-names.ts';

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

/** Same for a tool of any age. Throws UserError where it is missing. */
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

/** The releases that we test with, and what changed outside of them. */
interface Known {
  readonly oldest: string;
  readonly newest: string;
  /** What may fail with older ones. */
  readonly older: string;
  readonly newer: string;
}

/** docs/compatibility.md says the same; `npm run test:toolchains` runs both ends of each. */
export const KNOWN_VERSIONS = {
  docker: {
    oldest: '26.1',
    newest: '28.5',
    older: 'the OCI layouts that it loads, and the images that its store keeps beside them',
    newer: 'what docker load takes, and how docker image inspect names digests',
  },
  buildx: {
    oldest: '0.13',
    newest: '0.29',
    older: 'its progress stream (--progress=rawjson), and how it names images in index.json',
    newer: 'its progress stream, its index.json and the form of its provenance',
  },
  cosign: {
    oldest: '2.5',
    newest: '3.1',
    older: 'the form of its signatures, and the flags that keep it from a transparency log',
    newer: 'the form of its signatures, and the flags that keep it from a transparency log',
  },
} as const satisfies Record<string, Known>;

export type KnownTool = keyof typeof KNOWN_VERSIONS;

/** How a version compares to known ones, and what may differ; undefined for one in their range. */
interface UnknownVersion {
  readonly is: 'older' | 'newer';
  /** For people: `docker buildx 0.36.0 is newer than 0.29, ...`. */
  readonly text: string;
}

/** `number`: three parts. Undefined counts as known, since nothing can be said about it. */
export function unknownVersion(
  tool: KnownTool,
  number: string | undefined,
): UnknownVersion | undefined {
  if (number === undefined) return undefined;
  const { oldest, newest, older, newer } = KNOWN_VERSIONS[tool];
  const release = number.split('.').slice(0, 2).join('.');
  const { title } = TOOLS[tool];
  if (compareVersions(release, oldest) < 0)
    return {
      is: 'older',
      text: `${title} ${number} is older than ${oldest}, the oldest that scoville was tried with; what may differ: ${older}`,
    };
  if (compareVersions(release, newest) > 0)
    return {
      is: 'newer',
      text: `${title} ${number} is newer than ${newest}, the newest that scoville was tried with; what may differ: ${newer}`,
    };
  return undefined;
}
