import { once } from '../../lib/once.ts';
import { ToolError, UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { builderForOci, currentBuilder } from '../../tools/buildx/builder.ts';
import { type DockerInfo, dockerInfo } from '../../tools/docker/docker.ts';
import { parseVersion, requireTool } from '../../tools/version.ts';
import { type Check, type DoctorContext, faultOf, type Finding } from './doctor-check.ts';
import { installCommand, triedText } from './doctor-tools.ts';

/** Three checks ask the same engine; it is asked once for each runner. */
const engineOf = once((run: RunTool, signal: AbortSignal) => dockerInfo(run, signal));
const engine = ({ run, signal }: DoctorContext): Promise<DockerInfo> => engineOf(run, signal);

export const DOCKER_CHECK: Check = {
  id: 'docker',
  title: 'Docker engine',
  required: true,
  look: async (about) => {
    try {
      await requireTool(about.run, 'docker');
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return faultOf(thrown, 'missing', installCommand('docker', about.platform));
    }
    const { serverVersion, os, architecture } = await engine(about);
    const versions = [serverVersion, ...triedText('docker', parseVersion(serverVersion))].join(
      ', ',
    );
    return { state: 'ok', detail: `${versions}, ${os}/${architecture}` };
  },
};

/** Without containerd's store only a builder of another driver can export an OCI layout. */
export const IMAGE_STORE_CHECK: Check = {
  id: 'image-store',
  title: 'containerd image store',
  required: true,
  look: async (about) => {
    const docker = await DOCKER_CHECK.look(about);
    // What fixes the engine comes first; of its store nothing is known.
    if (docker.state !== 'ok') return docker;
    const info = await engine(about);
    if (info.containerdStore) return { state: 'ok', detail: 'on' };
    const fix = turnOnStore(about.platform);
    try {
      const other = await builderForOci(about.run, info);
      const builder = other ?? (await currentBuilder(about.run)).name;
      return { state: 'advice', detail: `off; builds go to the builder ${builder}`, fix };
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return { state: 'missing', detail: `off: ${thrown.message}`, fix };
    }
  },
};

export const BUILDER_CHECK: Check = {
  id: 'builder',
  title: 'builder',
  required: true,
  look: async (about) => {
    const { run } = about;
    await requireTool(run, 'buildx');
    const found = await currentBuilder(run).catch((thrown: unknown) => {
      if (thrown instanceof ToolError) return thrown;
      throw thrown;
    });
    if (found instanceof ToolError) return faultOf(found, 'missing', 'docker buildx use default');
    const { name, driver, running, platforms } = found;
    // buildx says nothing more of a builder whose engine does not answer; a remote one is not for
    // buildx to start.
    if (driver === 'remote' && !running)
      return {
        state: 'missing',
        detail: `${name} does not answer`,
        fix: `docker buildx inspect ${name}; or: docker buildx use default`,
      };
    if (driver === '') return silent(about, name);
    const shown = platforms.length > 4 ? [...platforms.slice(0, 4), '…'] : platforms;
    const started = running ? '' : ', not running yet';
    return { state: 'ok', detail: `${name} (${driver}${started}) ${shown.join(', ')}`.trim() };
  },
  fix: (about) => installCommand('buildx', about.platform),
};

/** Why a builder says nothing: its engine does not answer, or it was not started. */
async function silent(about: DoctorContext, name: string): Promise<Finding> {
  try {
    await engine(about);
  } catch (thrown) {
    if (thrown instanceof UserError || thrown instanceof ToolError) return faultOf(thrown);
    throw thrown;
  }
  return {
    state: 'missing',
    detail: `${name} does not answer`,
    fix: 'docker buildx inspect --bootstrap',
  };
}

function turnOnStore(platform: string): string {
  return platform === 'darwin'
    ? 'Docker Desktop: Settings, General, "Use containerd for pulling and storing images"'
    : 'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker';
}
