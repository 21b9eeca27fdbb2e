import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { AttachTarget } from '../attach/attach-statements.ts';
import { openBuild } from '../attach/keep-with-builds.ts';
import type { PipelineContext } from '../context.ts';
import type { Prepared } from '../image-build/prepare-build.ts';
import { NOBODY_NAMED, trustedSigners } from '../sign/trusted-signers.ts';

/**
 * The newest build of the plan's first name, where it is the image that was just built again. Throws UserError where it is not there or is
 * another: a statement about an image that nobody published helps nobody.
 */
export async function attestableBuild(
  context: PipelineContext,
  { store, plan, registries, vex }: Prepared,
  index: Descriptor,
): Promise<AttachTarget> {
  const [name] = plan.names;
  if (name === undefined)
    throw new UserError('--attest needs the name of the image', {
      nextStep: 'scoville build -t NAME . first, then scoville reproduce --attest -t NAME .',
    });
  const found = await store.findByName(name);
  if (found === undefined || found.descriptor.digest !== index.digest)
    throw new UserError(
      found === undefined
        ? `no build of ${name} to attest`
        : `the layout's build of ${name} is ${found.descriptor.digest}, and this source gives ${index.digest}`,
      { nextStep: `scoville build -t ${name} . first, with the same flags` },
    );
  const { settings } = plan;
  return {
    name,
    open: () => openBuild(store, index, name),
    published: undefined,
    registries,
    settings,
    grading: async () =>
      plan.attest.verdict.on
        ? {
            settings,
            trusted: await trustedSigners(context, settings, NOBODY_NAMED),
            dockerfile: undefined,
            secrets: true,
            vex,
            registries,
          }
        : undefined,
  };
}
