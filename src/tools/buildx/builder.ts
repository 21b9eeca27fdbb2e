import type { RunTool } from '../../model/run.ts';
import { completed } from '../completed-run.ts';
import { type DockerInfo, oldStoreError } from '../docker/docker.ts';
import { toolFailure } from '../tool-failure.ts';

/** A buildx builder as `docker buildx inspect` tells it. */
export interface Builder {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`, `cloud`. */
  readonly driver: string;
  readonly running: boolean;
  /** How many machines build for it. */
  readonly nodes: number;
  /** `os/arch[/variant]`, those it can build for; empty where it does not run yet. */
  readonly platforms: readonly string[];
  /** Version of its BuildKit, where it tells one. */
  readonly buildkit?: string;
}

/** The default builder of a build, or the named one. Throws ToolError if that does not exist. */
export async function currentBuilder(run: RunTool, name?: string): Promise<Builder> {
  const result = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'inspect', ...(name === undefined ? [] : [name])],
    timeoutMs: 60_000,
  });
  if (result.exitCode !== 0) throw toolFailure(result, 'the builder cannot be inspected');
  return parseBuilder(result.stdout);
}

/** Reads the text of `docker buildx inspect`. */
export function parseBuilder(stdout: string): Builder {
  const all = (key: string): readonly string[] =>
    [...stdout.matchAll(new RegExp(`^${key}:[ \\t]*(.*)$`, 'gm'))].map((m) => m[1]?.trim() ?? '');
  const platforms = all('Platforms').flatMap((list) => list.split(/,\s*/));
  // buildx before 0.13 writes `Buildkit:`; a distribution's engine may not know its own.
  const buildkit = /^v\d+\.\d+(?:[^\d\s]\S*)?$/.exec(
    [...all('BuildKit version'), ...all('Buildkit')][0] ?? '',
  )?.[0];
  return {
    name: all('Name')[0] ?? '',
    driver: all('Driver')[0] ?? '',
    running: all('Status').includes('running'),
    nodes: Math.max(1, all('Name').length - 1),
    // Platforms that a person named carry a star.
    platforms: [...new Set(platforms.map((name) => name.replace('*', '')).filter(Boolean))],
    ...(buildkit === undefined || buildkit.startsWith('v0.0.0') ? {} : { buildkit }),
  };
}

/** Builders by name in the text of `docker buildx ls`, the current one first. */
export function parseBuilderNames(stdout: string): readonly { name: string; driver: string }[] {
  const rows = stdout
    .split('\n')
    .map((line) =>
      /^(\S+?)(\*?)\s+(docker-container|docker|kubernetes|remote|cloud)(?:\s|$)/.exec(line),
    )
    .filter((match) => match !== null)
    .map((match) => ({ name: match[1] ?? '', driver: match[3] ?? '', current: match[2] === '*' }));
  return rows
    .sort((a, b) => Number(b.current) - Number(a.current))
    .map(({ name, driver }) => ({ name, driver }));
}

/**
 * The `--builder` to add so that a build can export an OCI layout: none where the engine or the
 * current builder can, else another one in a container of this engine. A builder elsewhere that
 * nobody chose is not used: it would be sent the context and the secrets. Throws UserError that
 * says how to turn the containerd store on.
 */
export async function builderForOci(
  run: RunTool,
  info: DockerInfo,
  named?: string,
): Promise<string | undefined> {
  if (info.containerdStore) return undefined;
  const builder = await currentBuilder(run, named);
  if (builder.driver !== 'docker') return undefined;
  // The user's own choice is not overruled.
  if (named !== undefined) throw oldStoreError();
  const listed = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'ls'],
    timeoutMs: 60_000,
  });
  const other = parseBuilderNames(listed.stdout).find(
    ({ driver }) => driver === 'docker-container',
  );
  if (other === undefined) throw oldStoreError();
  return other.name;
}
