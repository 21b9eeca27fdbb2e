import { proofStatement } from '../build/prove.ts';
import type { Registries } from '../build/registries.ts';
import { chooseProvenance } from '../grade/grade-build.ts';
import { attestationsFact } from '../grade/grade-image.ts';
import { openStore } from '../image/layout/store.ts';
import { given as onlyGiven } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { OpenedImage } from '../model/image.ts';
import type { RecordedBuild } from '../model/lock.ts';
import type { ImageComparison } from '../model/report.ts';
import type { Settings } from '../model/settings.ts';
import { attachStatements, type AttachTarget } from '../trust/attach.ts';
import { recordedBuild } from '../trust/provenance-read.ts';
import type { TrustedSigners } from '../trust/trusted-signers.ts';
import { readAttachments, verifyAttachments } from '../trust/verify-attached.ts';
import { builtImage, compareBuilds } from './compare-images.ts';
import { deeperViews } from './diffoscope.ts';
import { fetchSource, unverifiable } from './fetch-source.ts';
import { type GivenInputs, rebuild, rebuildWords } from './rebuild.ts';
import type { Reproduction } from './reproduce.ts';

/** The image's provenance, and who signed it. */
interface RecordedImage {
  readonly record: RecordedBuild;
  /** Key or identity; undefined if not verified. */
  readonly verifiedBy: string | undefined;
}

/**
 * The provenance of each platform of the image; all must describe one build. With named signers,
 * only their statements count. Throws UserError without a usable one.
 */
async function recordedBuilds(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
): Promise<RecordedImage> {
  const read = await readAttachments(image);
  const checked = await verifyAttachments(context, image, read, trusted);
  const incomplete = image.withoutAttachments ?? read.incomplete;
  const records = image.platforms.map(({ descriptor }): RecordedImage => {
    const fact = attestationsFact(image, descriptor.digest, checked, incomplete);
    const stated = fact.known ? fact.value.attestations : [];
    const usable = trusted.named
      ? stated.filter(({ verification }) => verification === 'verified')
      : stated;
    const chosen = chooseProvenance(usable, [descriptor.digest, image.root.digest]);
    if (chosen === undefined) throw noProvenance(trusted, incomplete);
    for (const text of chosen.notices) context.emit({ kind: 'warning', text });
    const record = recordedBuild(chosen.predicate);
    if (!record.ok) throw unverifiable(record.error);
    return { record: record.value, verifiedBy: chosen.verifiedBy };
  });
  const [first, ...others] = records;
  if (first === undefined) throw noProvenance(trusted, incomplete);
  if (others.some(({ record }) => essence(record) !== essence(first.record)))
    throw unverifiable('its platforms were built differently', {
      nextStep: '--platform OS/ARCH names one of them',
    });
  const verified = records.every(({ verifiedBy }) => verifiedBy !== undefined);
  return { record: first.record, verifiedBy: verified ? first.verifiedBy : undefined };
}

function noProvenance({ named, signers }: TrustedSigners, incomplete: string | undefined): Error {
  const by = signers.map(({ name }) => name).join(' or ');
  const what = named ? `no provenance of it is signed by ${by}` : 'nothing says how it was built';
  return unverifiable(incomplete === undefined ? what : `${what} (${incomplete})`, {
    nextStep: named
      ? 'look whom it is signed by: scoville verify IMAGE'
      : 'name it by its registry reference, where its provenance is',
  });
}

/** Equal for all platforms of one build: all but the platform's name. */
function essence({ builder, source, args, normaliser, epoch, secrets }: RecordedBuild): string {
  const entries = Object.entries(args).filter(([key]) => key !== 'platform');
  return JSON.stringify([builder, source, entries.sort(), normaliser, epoch, secrets]);
}

interface ImageReproductionRequest {
  readonly image: OpenedImage;
  readonly trusted: TrustedSigners;
  readonly settings: Settings;
  readonly registries: Registries;
  /** Another place of the source than in the provenance. */
  readonly source: string | undefined;
  readonly given: GivenInputs;
  /** Sign the result, and keep it beside that image. */
  readonly attest: AttachTarget | undefined;
  /** Use diffoscope for differing files. */
  readonly deeper: boolean;
}

/**
 * Rebuilds a published image from its provenance, and compares the two. Throws UserError if it
 * cannot be rebuilt as it was: such an image is neither reproducible nor not.
 */
export async function reproduceImage(
  context: PipelineContext,
  request: ImageReproductionRequest,
): Promise<Reproduction> {
  const { image, trusted, given } = request;
  const { record, verifiedBy } = await recordedBuilds(context, image, trusted);
  const words = rebuildWords(record, given);
  const recorded = record.source;
  const ofSource =
    recorded === undefined
      ? ['its provenance does not name a source repository and commit']
      : recorded.isDirty
        ? ['it was built from a working tree with uncommitted changes']
        : [];
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
    // buildx's own exit code would read as "the images differ".
    if (typeof built === 'number')
      throw unverifiable(`building it again failed (exit code ${built} of docker buildx build)`);
    const look = request.deeper ? deeperViews(context) : undefined;
    const again = await builtImage(store, 'built again', built.root);
    const images = [image, again] as const;
    const how = { onePlan: false };
    const compared = await compareBuilds(context, built.dockerfile, images, look, how);
    const { url, revision } = source;
    const from = { url, revision, ...onlyGiven({ verifiedBy }) };
    const comparison: ImageComparison = { ...compared, source: from };
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

/** The rebuilt manifests, and the index if all its entries were rebuilt. */
function subjectsOf({ root, index, platforms }: OpenedImage) {
  const listed = index?.manifests.filter(({ platform }) => platform?.os !== 'unknown') ?? [];
  const isWhole = index === undefined || listed.length === platforms.length;
  const [first, ...others] = platforms;
  const also = others.map(({ descriptor }) => descriptor);
  if (!isWhole) return { subject: first.descriptor, also };
  return { subject: root, also: index === undefined ? [] : [first.descriptor, ...also] };
}

function provenanceText(verifiedBy: string | undefined): string {
  return verifiedBy === undefined
    ? 'the provenance is not verified (--key, or --certificate-identity and --certificate-oidc-issuer); the same digest would prove it all the same'
    : `the provenance is verified against ${verifiedBy}`;
}
