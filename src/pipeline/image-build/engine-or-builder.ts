import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { Platform } from '../../model/oci.ts';
import { type Builder, builderForOci, currentBuilder } from '../../tools/buildx/builder.ts';
import { type DockerInfo, dockerInfo } from '../../tools/docker/docker.ts';
import type { PipelineContext } from '../context.ts';
import { noticeVersions } from './notice-versions.ts';

/** What builds. */
export interface BuildEngine {
  /** Undefined where only a builder is there: a job in a cluster has no engine. */
  readonly docker: DockerInfo | undefined;
  /** `--builder` to add, where the engine's own cannot export. */
  readonly builder: string | undefined;
  /** The builder that the user chose, where it is not the engine itself. */
  readonly elsewhere: Builder | undefined;
  /** What builds is the engine, which sees the images that it keeps. */
  readonly seesLocal: boolean;
  /** What a build is for that names no platform. */
  readonly platform: Platform;
}

/**
 * The engine, or, where none answers, the chosen builder if it is of a driver that needs none.
 * `named` is `--builder` or BUILDX_BUILDER; without it `docker buildx use` may have chosen one.
 * Throws UserError where there is neither.
 */
export async function engineOrBuilder(
  context: PipelineContext,
  named: string | undefined,
): Promise<BuildEngine> {
  const asked = chosenBuilder(context, named);
  try {
    const docker = await dockerInfo(context.run, context.signal);
    await noticeVersions(context, docker);
    const chosen = await asked;
    const builder = await builderForOci(context.run, docker, named);
    const elsewhere = isElsewhere(chosen) ? chosen : undefined;
    const own = { os: docker.os, architecture: docker.architecture };
    const isEngine = [docker.context, undefined].includes(chosen?.name ?? named);
    return {
      docker,
      builder,
      elsewhere,
      seesLocal: docker.containerdStore && elsewhere === undefined && isEngine,
      platform: builtFor(elsewhere) ?? own,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const elsewhere = await asked;
    if (!isElsewhere(elsewhere)) throw error;
    const platform = builtFor(elsewhere) ?? { os: 'linux', architecture: 'amd64' };
    return { docker: undefined, builder: undefined, elsewhere, seesLocal: false, platform };
  }
}

/** An engine's own has the driver `docker`, or none where the engine does not answer. */
function isElsewhere(builder: Builder | undefined): builder is Builder {
  return builder !== undefined && !['docker', ''].includes(builder.driver);
}

/** BuildKit builds for the first of its platforms where none is named. */
function builtFor(builder: Builder | undefined): Platform | undefined {
  const [os = '', architecture] = builder?.platforms[0]?.split('/') ?? [];
  return architecture === undefined ? undefined : { os, architecture };
}

/** The builder that buildx would use; undefined if none was created here or buildx cannot tell. */
async function chosenBuilder(
  { env, paths, run }: PipelineContext,
  named: string | undefined,
): Promise<Builder | undefined> {
  const folder = env['BUILDX_CONFIG'] ?? '';
  const instances = join(folder === '' ? join(paths.dockerConfig, 'buildx') : folder, 'instances');
  const made = await readdir(instances).catch((): string[] => []);
  if (made.length === 0) return undefined;
  return currentBuilder(run, named).catch(() => undefined);
}
