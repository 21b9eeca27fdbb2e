import type { ImageComparison } from '../../model/difference.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { RecordedSource } from '../../model/recorded-build.ts';
import type { Settings } from '../../model/settings.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import { type GivenInputs, rebuildWords } from '../../plans/reproduce/rebuild-words.ts';
import { type AttachTarget, attachStatements } from '../attach/attach-statements.ts';
import { builtImage, compareBuilds } from '../compare/compare-built.ts';
import { deeperViews } from '../compare/deeper-views.ts';
import type { PipelineContext } from '../context.ts';
import { proofStatement } from '../image-build/prove-build.ts';
import type { Registries } from '../registries.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';
import type { TrustedSigners } from '../sign/trusted-signers.ts';
import { fetchSource, unverifiable } from './fetch-source.ts';
import { rebuild } from './rebuild.ts';
import { recordedBuilds } from './recorded-builds.ts';
import type { Reproduction } from './reproduce.ts';

interface ImageReproductionRequest {
  readonly image: OpenedImage;
  readonly trusted: TrustedSigners;
  readonly settings: Settings;
  readonly registries: Registries;
  /** Another place of the source than the provenance names. */
  readonly source: string | undefined;
  readonly given: GivenInputs;
  /** Signs the result, and keeps it beside that image. */
  readonly attest: AttachTarget | undefined;
  /** Have diffoscope compare files that differ. */
  readonly deeper: boolean;
}

/**
 * Builds a published image again from what its provenance says, and compares the two. Throws
 * UserError where that cannot be done as it was done then: such an image is neither reproducible
 * nor not.
 */
export async function reproduceImage(
  context: PipelineContext,
  request: ImageReproductionRequest,
): Promise<Reproduction> {
  const { image, trusted, given } = request;
  const { record, verifiedBy } = await recordedBuilds(context, image, trusted);
  const words = rebuildWords(record, given);
  const recorded = record.source;
  const ofSource = sourceObstacles(recorded);
  const obstacles = [...ofSource, ...words.obstacles];
  if (recorded === undefined || obstacles.length > 0)
    throw unverifiable(obstacles.join('; '), {
      nextStep:
        ofSource.length > 0
          ? 'its publisher: build a clean commit that is pushed somewhere, and publish that'
          : 'give what the provenance lacks with --build-arg, --secret or --ssh, where you have it',
    });
  context.emit({ kind: 'notice', text: provenanceText(verifiedBy) });
  const source = await fetchSource(context, recorded, request.source);
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  try {
    context.emit({ kind: 'notice', text: `building ${source.url} at ${source.revision} again` });
    const built = await rebuild(context, { ...request, record, words, source, store, directory });
    // buildx' own code would read as the answer that the images differ.
    if (typeof built === 'number')
      throw unverifiable(`building it again failed (exit code ${built} of docker buildx build)`);
    const look = request.deeper ? deeperViews(context) : undefined;
    const again = await builtImage(store, 'built again', built.root);
    const compared = await compareBuilds(context, built.dockerfile, [image, again], look);
    const comparison: ImageComparison = {
      ...compared,
      source: {
        url: source.url,
        revision: source.revision,
        ...(verifiedBy === undefined ? {} : { verifiedBy }),
      },
    };
    const gaps = built.gaps.map((text) => `what it was built from is not complete: ${text}`);
    const doubts = comparison.reproducible ? [] : [...words.doubts, ...gaps];
    const attached =
      request.attest === undefined || doubts.length > 0
        ? undefined
        : await attachStatements(context, request.attest, (published) => [
            proofStatement(context, comparison, subjectsOf(published)),
          ]);
    return { kind: 'compared', comparison, doubts, kept: attached?.kept };
  } finally {
    await directory.end();
    await source.remove();
  }
}

/** The index where all that it lists was built again, and the manifests that were. */
function subjectsOf({
  root,
  index,
  platforms,
}: OpenedImage): Required<Pick<StatementToSign, 'subject' | 'also'>> {
  const listed = index?.manifests.filter(({ platform }) => platform?.os !== 'unknown') ?? [];
  const isWhole = index === undefined || listed.length === platforms.length;
  const [first, ...others] = platforms.map(({ descriptor }) => descriptor) as [
    Descriptor,
    ...Descriptor[],
  ];
  if (!isWhole) return { subject: first, also: others };
  return {
    subject: root,
    also: index === undefined ? [] : [first, ...others],
  };
}

function sourceObstacles(source: RecordedSource | undefined): readonly string[] {
  if (source === undefined) return ['its provenance does not name a source repository and commit'];
  return source.isDirty ? ['it was built from a working tree with uncommitted changes'] : [];
}

function provenanceText(verifiedBy: string | undefined): string {
  return verifiedBy === undefined
    ? 'the provenance is not verified (--key, or --certificate-identity and --certificate-oidc-issuer); the same digest would prove it all the same'
    : `the provenance is verified against ${verifiedBy}`;
}
