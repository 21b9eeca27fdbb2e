import { UserError } from '../../model/errors.ts';
import { lastValueOf } from '../../plans/flags/flag-spec.ts';
import { foreignRun } from '../../plans/foreign-platform.ts';
import { type Builder, currentBuilder } from '../../tools/buildx/builder.ts';
import type { PipelineContext } from '../context.ts';
import type { Prepared } from './prepare-build.ts';

/**
 * The builder of a build for platforms that are named; undefined where only the engine's own is
 * asked for, or where nothing tells. Throws UserError where a RUN would need emulation that is not
 * there: BuildKit says so only when it comes to it, and not how to mend it.
 */
export async function builderForPlatforms(
  context: PipelineContext,
  prepared: Prepared,
): Promise<Builder | undefined> {
  const { plan, docker, dockerfile, elsewhere } = prepared;
  const own =
    docker === undefined || elsewhere !== undefined ? '' : `${docker.os}/${docker.architecture}`;
  if (plan.platforms.every((platform) => platform === own)) return undefined;
  const named =
    prepared.builder ?? lastValueOf(prepared.parsed, 'builder') ?? context.env['BUILDX_BUILDER'];
  const builder =
    elsewhere ??
    (await currentBuilder(context.run, named === '' ? undefined : named).catch(
      // buildx itself says what is wrong with a builder.
      () => undefined,
    ));
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
