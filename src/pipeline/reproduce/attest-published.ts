import type { ImageComparison } from '../../model/difference.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { Settings } from '../../model/settings.ts';
import type { BuildDirectory } from '../../oci/layout/build-directory.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { pushReferrers } from '../../oci/registry/push.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { Registries } from '../registries.ts';
import { signStatements } from '../sign/sign-statements.ts';
import { resolveSigner } from '../sign/signer.ts';
import { referrersOf, referencesOf, statementOf } from './attest-reproduction.ts';

/** Where a published image lies. */
export interface Repository {
  readonly registry: string;
  readonly repository: string;
}

/** Signs what building a published image again showed, and publishes that beside the image. Throws UserError where the registry takes no more. */
export async function attestPublished(
  context: PipelineContext,
  {
    image,
    settings,
    registries,
  }: {
    readonly image: OpenedImage;
    readonly settings: Settings;
    readonly registries: Registries;
  },
  { registry, repository }: Repository,
  store: LayoutStore,
  directory: BuildDirectory,
  comparison: ImageComparison,
): Promise<void> {
  const { blobs } = store;
  await phase(
    context,
    'attest',
    async () => {
      const signer = await resolveSigner(context, settings.sign);
      const subjects = subjectsOf(image);
      // cosign signs a file: the manifest as it is published.
      for (const subject of subjects) await blobs.write(await image.readBlob(subject));
      const statements = subjects.map((subject) => statementOf(context, comparison, subject));
      const signed = await signStatements(context, blobs, signer, statements);
      const referrers = signed.map(({ referrer }) => referrer);
      await pushReferrers({ blobs, client: registries.client(registry), repository, referrers });
      await keepWithBuild(store, directory, image.root, referrers);
    },
    () => ({ detail: `the result is signed and published beside ${registry}/${repository}` }),
  );
}

/** Whoever built it here finds the statement beside the build too, under those of its names that still are that image's. */
async function keepWithBuild(
  store: LayoutStore,
  directory: BuildDirectory,
  { mediaType, digest, size }: Descriptor,
  referrers: readonly Descriptor[],
): Promise<void> {
  const builds = await store.builds();
  const build = builds.find(({ manifests }) => manifests.some((m) => m.digest === digest));
  if (build === undefined) return;
  const names: string[] = [];
  for (const name of build.names)
    if ((await store.findByName(name))?.descriptor.digest === digest) names.push(name);
  await directory.finish({
    manifests: [{ mediaType, digest, size }],
    names: referencesOf(names),
    referrers: [...referrersOf(build, digest), ...referrers],
  });
}

/** The index where all that it lists was built again, else the manifests that were. */
function subjectsOf({ root, index, platforms }: OpenedImage): readonly Descriptor[] {
  const listed = index?.manifests.filter(({ platform }) => platform?.os !== 'unknown') ?? [];
  const isWhole = index === undefined || listed.length === platforms.length;
  return isWhole ? [root] : platforms.map(({ descriptor }) => descriptor);
}
