import { VERIFIER_ID } from '../../attestations/identity.ts';
import { reproductionStatement } from '../../attestations/reproduction.ts';
import type { ImageComparison } from '../../model/difference.ts';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { type ImageReference, parseReference } from '../../model/reference.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BuildDirectory } from '../../oci/layout/build-directory.ts';
import type { StoredBuild } from '../../oci/layout/build-record.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { taggedEntries, readTaggedEntries } from '../../oci/legacy-signature.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';
import { signStatements } from '../sign/sign-statements.ts';
import { resolveSigner } from '../sign/signer.ts';

/** The image in the layout that a reproduction speaks of, with what hangs on it. */
interface AttestableBuild {
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
}

/**
 * The newest build of the plan's first name, where it is the image that was just built again. Throws UserError where it is not there or is
 * another: a statement about an image that nobody published helps nobody.
 */
export async function attestableBuild(
  store: LayoutStore,
  plan: BuildPlan,
  index: Descriptor,
): Promise<AttestableBuild> {
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
  return { index, referrers: referrersOf(found.build, index.digest) };
}

/** What a build keeps beside the image of that digest: signatures and attestations, in either form. */
export function referrersOf({ manifests }: StoredBuild, image: Digest): readonly Descriptor[] {
  const others = manifests.filter(
    ({ digest, artifactType }) => digest !== image && artifactType !== undefined,
  );
  return [...others, ...taggedEntries(readTaggedEntries(manifests))];
}

/** Signs what the second build showed, and keeps it with the build of that name, so that `scoville push` publishes it. */
export async function attestReproduction(
  context: PipelineContext,
  { store, plan }: { readonly store: LayoutStore; readonly plan: BuildPlan },
  build: AttestableBuild,
  comparison: ImageComparison,
  directory: BuildDirectory,
): Promise<void> {
  await phase(
    context,
    'attest',
    async () => {
      const signer = await resolveSigner(context, plan.settings.sign);
      const statement = statementOf(context, comparison, build.index);
      const signed = await signStatements(context, store.blobs, signer, [statement]);
      await directory.finish({
        manifests: [build.index],
        names: referencesOf(plan.names),
        referrers: [...build.referrers, ...signed.map(({ referrer }) => referrer)],
      });
    },
    () => ({
      detail: `${plan.names.join(', ')}: the result is signed; scoville push publishes it`,
    }),
  );
}

/** Those of the names that are some. */
export function referencesOf(names: readonly string[]): readonly ImageReference[] {
  return names.flatMap((name) => {
    const reference = parseReference(name);
    return reference.ok ? [reference.value] : [];
  });
}

/** What the second build of `subject` showed, to be signed. */
export function statementOf(
  { version }: Pick<PipelineContext, 'version'>,
  { reproducible, differences, source }: ImageComparison,
  subject: Descriptor,
): StatementToSign {
  const predicate = reproductionStatement(
    {
      reproducible,
      differences: differences.map(({ path, detail }) => `${path}: ${detail}`),
      ...(source === undefined ? {} : { source }),
    },
    { uri: VERIFIER_ID, version },
  );
  return { predicateType: PREDICATE_TYPE.testResult, predicate, subject };
}
