import { UserError } from '../model/errors.ts';
import type { Platform } from '../model/oci.ts';
import { builderForOci, currentBuilder } from '../tools/builder.ts';
import { type DockerInfo, dockerInfo } from '../tools/docker.ts';
import type { PipelineContext } from './context.ts';
import { noticeVersions } from './notice-versions.ts';

/** What builds. */
export interface BuildEngine {
  /** Undefined where only a named builder is there: a job in a cluster has no engine. */
  readonly docker: DockerInfo | undefined;
  /** `--builder` to add, where the engine's own cannot export. */
  readonly builder: string | undefined;
  /** What a build is for that names no platform. */
  readonly platform: Platform;
}

/** The engine, or, where none answers, a named builder of a driver that needs none. Throws UserError where there is neither. */
export async function engineOrBuilder(
  context: PipelineContext,
  named: string | undefined,
): Promise<BuildEngine> {
  try {
    const docker = await dockerInfo(context.run, context.signal);
    await noticeVersions(context, docker.serverVersion);
    const builder = await builderForOci(context.run, docker, named);
    return { docker, builder, platform: { os: docker.os, architecture: docker.architecture } };
  } catch (error) {
    context.signal.throwIfAborted();
    if (named === undefined || !(error instanceof UserError)) throw error;
    const found = await currentBuilder(context.run, named).catch(() => undefined);
    if (found === undefined || found.driver === 'docker') throw error;
    const [os = 'linux', architecture = 'amd64'] = found.platforms[0]?.split('/') ?? [];
    return { docker: undefined, builder: undefined, platform: { os, architecture } };
  }
}
