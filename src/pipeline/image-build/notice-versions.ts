import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import type { DockerInfo } from '../../tools/docker/docker.ts';
import { type KnownTool, unknownVersion } from '../../tools/known-versions.ts';
import { howToInstall } from '../../tools/tool-names.ts';
import { parseVersion, toolVersion } from '../../tools/version.ts';
import type { PipelineContext } from '../context.ts';

/**
 * Warns of an engine or a buildx that is older or newer than those that are known, once for each
 * version. It stops no build: what a version cannot do, the tool itself says. buildx is asked where
 * docker does not know its version.
 */
export async function noticeVersions(
  context: PipelineContext,
  { serverVersion, buildx }: DockerInfo,
): Promise<void> {
  await notice(context, 'docker', parseVersion(serverVersion));
  await notice(context, 'buildx', parseVersion(buildx?.version ?? '') ?? (await asked(context)));
}

/** That it is not there, the build itself tells. */
async function asked({ run }: PipelineContext): Promise<string | undefined> {
  const buildx = await toolVersion(run, 'buildx').catch(() => undefined);
  return buildx?.number;
}

async function notice(
  context: PipelineContext,
  tool: KnownTool,
  number: string | undefined,
): Promise<void> {
  const unknown = unknownVersion(tool, number);
  if (unknown === undefined || !(await isFirst(context, `${tool}-${number ?? ''}`))) return;
  context.emit({
    kind: 'warning',
    text: unknown.text,
    ...(unknown.is === 'older' ? { nextStep: howToInstall(tool) } : {}),
  });
}

/** True if it was not shown before, by a file in the cache, or if that file cannot be written. */
async function isFirst({ paths }: PipelineContext, name: string): Promise<boolean> {
  const folder = join(paths.cache, 'told');
  try {
    await makeFolders(folder);
  } catch {
    return true;
  }
  try {
    await writeFile(join(folder, name), '', { flag: 'wx' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}
