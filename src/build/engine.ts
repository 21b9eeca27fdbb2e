import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache } from '../image/caches.ts';
import { parsePlatform } from '../image/platforms.ts';
import { UserError } from '../lib/errors.ts';
import { howToInstall } from '../lib/tool-names.ts';
import { type KnownTool, parseVersion, toolVersion, unknownVersion } from '../lib/tool-versions.ts';
import type { PipelineContext } from '../model/context.ts';
import { formatReference } from '../model/reference.ts';
import { type Builder, builderForOci, currentBuilder } from './buildx.ts';
import { type DockerInfo, dockerInfo, type LocalImage } from './docker.ts';
import { foreignRun, type NeededImage } from './images.ts';
import type { FoundImage } from './registries.ts';
import type { Build, BuildEngine } from './states.ts';

/** The engine, else the chosen builder if it needs none. Throws UserError for neither. */
export async function buildEngine(
  context: PipelineContext,
  named: string | undefined,
): Promise<BuildEngine> {
  const asked = chosenBuilder(context, named);
  // BuildKit builds for the first one where none is named.
  const firstOf = (builder?: Builder) => parsePlatform(builder?.platforms[0] ?? '');
  try {
    const docker = await dockerInfo(context.run, context.signal);
    await noticeVersions(context, docker);
    const chosen = await asked;
    const added = await builderForOci(context.run, docker, named);
    const elsewhere = isElsewhere(chosen) ? chosen : undefined;
    const own = { os: docker.os, architecture: docker.architecture };
    const isEngine = [docker.context, undefined].includes(chosen?.name ?? named);
    return {
      docker,
      added,
      name: added ?? named,
      elsewhere,
      seesLocal: docker.containerdStore && elsewhere === undefined && isEngine,
      platform: firstOf(elsewhere) ?? own,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const elsewhere = await asked;
    if (!isElsewhere(elsewhere)) throw error;
    const platform = firstOf(elsewhere) ?? { os: 'linux', architecture: 'amd64' };
    const none = { docker: undefined, added: undefined, seesLocal: false };
    return { ...none, name: named, elsewhere, platform };
  }
}

/** An engine's own has the driver `docker`, or none where the engine does not answer. */
function isElsewhere(builder: Builder | undefined): builder is Builder {
  return builder !== undefined && !['docker', ''].includes(builder.driver);
}

/** The builder that buildx would use; undefined if none was created here or buildx does not say. */
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

/** The builder of named platforms. Throws UserError where a RUN lacks emulation, with the fix. */
export async function builderForPlatforms(
  context: PipelineContext,
  { plan, engine, dockerfile }: Build,
): Promise<Builder | undefined> {
  const { docker, elsewhere, name } = engine;
  const own =
    docker === undefined || elsewhere !== undefined ? '' : `${docker.os}/${docker.architecture}`;
  if (plan.platforms.every((platform) => platform === own)) return undefined;
  // buildx itself says what is wrong with a builder.
  const builder = elsewhere ?? (await currentBuilder(context.run, name).catch(() => undefined));
  if (builder === undefined || builder.platforms.length === 0 || dockerfile === undefined)
    return builder;
  // A word alone is an OS or an architecture, or nonsense: buildx knows which, and refuses it with
  // its own exit code.
  const asked = plan.platforms.filter((platform) => platform.includes('/'));
  const foreign = foreignRun(dockerfile, asked, builder.platforms);
  if (foreign === undefined) return builder;
  const architecture = foreign.platform.split('/')[1] ?? foreign.platform;
  throw new UserError(
    `RUN on line ${foreign.line} has to run on ${foreign.platform}, and the builder ${builder.name} runs ${builder.platforms.join(', ')} only`,
    {
      nextStep: `install emulation on the machine that builds: docker run --privileged --rm tonistiigi/binfmt --install ${architecture} (Debian: apt-get install qemu-user-static); or name a builder that has it: --builder NAME`,
    },
  );
}

/** Warns of what a remote builder does not explain. `local`: needed images in Docker. */
export function warnOfBuilder(
  context: Pick<PipelineContext, 'emit'>,
  { name, driver, running }: Builder,
  needed: readonly NeededImage[],
  found: readonly Pick<FoundImage, 'name'>[],
  local: readonly (LocalImage | undefined)[],
): void {
  // The other drivers start what does not run.
  if (driver === 'remote' && !running)
    context.emit({
      kind: 'warning',
      text: `the builder ${name} (remote) does not answer`,
      nextStep: `docker buildx inspect ${name}; or build elsewhere: --builder NAME, one of docker buildx ls`,
    });
  for (const [i, { reference }] of needed.entries()) {
    const image = formatReference(reference);
    if (local[i] === undefined || found.some((one) => one.name === image)) continue;
    context.emit({
      kind: 'warning',
      text: `${image} is in Docker, whose images the builder ${name} (${driver}) does not see`,
      nextStep: 'push it to a registry; or build with the engine: --builder default',
    });
  }
}

/** Warns once of versions that are not known. Throws UserError where buildx is missing. */
export async function noticeVersions(
  context: PipelineContext,
  { serverVersion, buildx }: DockerInfo,
): Promise<void> {
  await noticeVersion(context, 'docker', parseVersion(serverVersion));
  const number = parseVersion(buildx?.version ?? '');
  // Without the plugin docker answers a build with its own help.
  const asked = number === undefined ? await toolVersion(context.run, 'buildx') : { number };
  await noticeVersion(context, 'buildx', asked.number);
}

async function noticeVersion(
  context: PipelineContext,
  tool: KnownTool,
  number: string | undefined,
): Promise<void> {
  const unknown = unknownVersion(tool, number);
  const warned = openCache(context, 'told', 1);
  const key = `${tool}-${number ?? ''}`;
  if (unknown === undefined || (await warned.get(key)) === true) return;
  await warned.set(key, true);
  const { text, is } = unknown;
  context.emit({
    kind: 'warning',
    text,
    ...(is === 'older' ? { nextStep: howToInstall(tool) } : {}),
  });
}
