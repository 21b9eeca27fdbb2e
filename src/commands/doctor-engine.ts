import { UserError } from '../model/errors.ts';
import type { RunTool } from '../model/run.ts';
import { builderForOci, currentBuilder } from '../tools/builder.ts';
import { type DockerInfo, dockerInfo } from '../tools/docker.ts';
import { requireTool } from '../tools/version.ts';
import type { Check, Surroundings } from './doctor-check.ts';
import { installCommand } from './doctor-tools.ts';

const answers = new WeakMap<RunTool, Promise<DockerInfo>>();

/** Three checks ask the same engine; it is asked once for each runner. */
function engine({ run, signal }: Surroundings): Promise<DockerInfo> {
  const before = answers.get(run);
  if (before !== undefined) return before;
  const answer = dockerInfo(run, signal);
  answers.set(run, answer);
  return answer;
}

export const DOCKER_CHECK: Check = {
  id: 'docker',
  title: 'Docker engine',
  required: true,
  look: async (about) => {
    try {
      await requireTool(about.run, 'docker');
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return {
        state: 'missing',
        detail: thrown.message,
        mend: installCommand('docker', about.platform),
      };
    }
    const { serverVersion, os, architecture } = await engine(about);
    return { state: 'ok', detail: `${serverVersion}, ${os}/${architecture}` };
  },
};

/** Without containerd's store only a builder of another driver can export an OCI layout. */
export const IMAGE_STORE_CHECK: Check = {
  id: 'image-store',
  title: 'containerd image store',
  required: true,
  look: async (about) => {
    const info = await engine(about);
    if (info.containerdStore) return { state: 'ok', detail: 'on' };
    const builder =
      (await builderForOci(about.run, info)) ?? (await currentBuilder(about.run)).name;
    return {
      state: 'advice',
      detail: `off; builds go to the builder ${builder}`,
      mend: turnOnStore(about.platform),
    };
  },
  mend: (about) => turnOnStore(about.platform),
};

export const BUILDER_CHECK: Check = {
  id: 'builder',
  title: 'builder',
  required: true,
  look: async ({ run }) => {
    const { name, driver, running, platforms } = await currentBuilder(run);
    const shown = platforms.length > 4 ? [...platforms.slice(0, 4), '…'] : platforms;
    const started = running ? '' : ', not running yet';
    return { state: 'ok', detail: `${name} (${driver}${started}) ${shown.join(', ')}`.trim() };
  },
  mend: () => 'docker buildx use default',
};

function turnOnStore(platform: string): string {
  return platform === 'darwin'
    ? 'Docker Desktop: Settings, General, "Use containerd for pulling and storing images"'
    : 'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker';
}
