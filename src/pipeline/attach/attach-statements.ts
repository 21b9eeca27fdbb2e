import { isVerdict } from '../../attestations/made-kind.ts';
import type { Digest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { quantity } from '../../model/quantity.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { documentsOf, folderBlobs } from '../../oci/blobs/blob-source.ts';
import { type LayoutStore, openStore } from '../../oci/layout/layout-store.ts';
import { readFrom } from '../../oci/registry/open-registry.ts';
import { pushReferrers } from '../../oci/registry/push.ts';
import { type PipelineContext, phase } from '../context.ts';
import { gradeOpened, type GradeOptions } from '../grade/grade-opened.ts';
import { keysAtHand, replacedStatements } from '../publish/replaced-statements.ts';
import type { Registries } from '../registries.ts';
import type { StatementToSign } from '../sign/attestation-documents.ts';
import { legacyAttestations } from '../sign/legacy-attestations.ts';
import { type SignedStatement, signStatements } from '../sign/sign-statements.ts';
import { resolveSigner, type Signer } from '../sign/signer.ts';
import { verdictStatements } from '../sign/verdict-statements.ts';
import { readAttachments } from '../verify/read-attachments.ts';
import { keepWithBuilds } from './keep-with-builds.ts';

/** Where a published image lies. */
export interface Repository {
  readonly registry: string;
  readonly repository: string;
}

/** An image that was built or published before, and how it is opened once more. */
export interface AttachTarget {
  /** Opens it as it is by now; the caller closes it. */
  readonly open: () => Promise<OpenedImage>;
  /** As a reference, without a prefix. */
  readonly name: string;
  /** Undefined where it lies in the layout alone. */
  readonly published: Repository | undefined;
  readonly registries: Registries;
  readonly settings: Settings;
  /**
   * How the verdict is renewed. Asked once the signer is known, whose key may be new. Undefined: it
   * is not renewed.
   */
  readonly grading: (signer: Signer) => Promise<GradeOptions | undefined>;
}

/** What came of it. */
export interface Attached {
  readonly digest: Digest;
  readonly referrers: readonly Descriptor[];
  /** The verdict by all that hangs on the image now; undefined where it was not renewed. */
  readonly scorecard: Scorecard | undefined;
}

/**
 * Signs statements about an image that is there already, publishes them beside it and keeps them
 * with the builds of the same digest; then grades it again and replaces the verdict. `make` is
 * given what the statements are to be about. Throws UserError.
 */
export async function attachStatements(
  context: PipelineContext,
  target: AttachTarget,
  make: (image: OpenedImage) => readonly StatementToSign[],
): Promise<Attached> {
  const store = await openStore(context.paths.store, context.now);
  const signer = await resolveSigner(context, target.settings.sign);
  const signed = await withImage(target, (image) =>
    phase(
      context,
      'attest',
      async () => {
        const statements = make(image);
        const made = await signFor(context, store, signer, image, statements);
        await publish(context, target, store, image, { made, signer }, []);
        return { made, digest: image.root.digest };
      },
      ({ made }) => ({ detail: `${quantity(made.length, 'statement')} ${placeText(target)}` }),
    ),
  );
  const referrers = signed.made.flatMap((one) => one.referrers);
  const grading = await target.grading(signer);
  if (grading === undefined) return { digest: signed.digest, referrers, scorecard: undefined };
  const renewed = await withImage(target, async (image) => {
    const graded = await gradeOpened(context, image, grading);
    const { found } = await readAttachments(image);
    const stale = found.flatMap(({ says, attachment }) =>
      isVerdict(says) ? [attachment.descriptor.digest] : [],
    );
    const statements = verdictStatements(
      context,
      { name: target.name, ...wholeOf(image) },
      graded,
      target.settings,
    );
    const made = await signFor(context, store, signer, image, statements);
    await publish(context, target, store, image, { made, signer }, stale);
    return { scorecard: graded.scorecard, made };
  });
  return {
    digest: signed.digest,
    referrers: [...referrers, ...renewed.made.flatMap((one) => one.referrers)],
    scorecard: renewed.scorecard,
  };
}

async function withImage<T>(
  { open }: AttachTarget,
  work: (image: OpenedImage) => Promise<T>,
): Promise<T> {
  const image = await open();
  try {
    return await work(image);
  } finally {
    await image.close();
  }
}

/** cosign signs a file: the manifest as it is published. */
async function signFor(
  context: PipelineContext,
  { blobs }: LayoutStore,
  signer: Signer,
  image: OpenedImage,
  statements: readonly StatementToSign[],
): Promise<readonly SignedStatement[]> {
  const subjects = statements.flatMap(({ subject, also = [] }) => [subject, ...also]);
  for (const subject of new Map(subjects.map((one) => [one.digest, one])).values())
    await blobs.write(await image.readBlob(subject));
  return signStatements(context, blobs, signer, statements);
}

/** The image as opened: its root, and its platforms if all of them are here to be judged. */
export function wholeOf({ root, absent, platforms }: OpenedImage): {
  readonly subject: Descriptor;
  readonly also: readonly Descriptor[];
} {
  const others = platforms
    .map(({ descriptor }) => descriptor)
    .filter(({ digest }) => digest !== root.digest);
  return { subject: root, also: absent.length === 0 ? others : [] };
}

async function publish(
  context: PipelineContext,
  { published, registries, settings }: AttachTarget,
  store: LayoutStore,
  { root }: OpenedImage,
  { made, signer }: { readonly made: readonly SignedStatement[]; readonly signer: Signer },
  stale: readonly Digest[],
): Promise<void> {
  const { blobs } = store;
  const { format } = settings.sign;
  const anew = {
    referrers: made.flatMap((one) => one.referrers),
    tagged: format === 'bundle' ? [] : await legacyAttestations(blobs, made, signer),
  };
  const keys = await keysAtHand(context, settings);
  if (published !== undefined) {
    const client = registries.client(published.registry);
    const { repository } = published;
    await pushReferrers({
      blobs,
      client,
      repository,
      ...anew,
      attestationTags: format === 'auto' ? 'without-referrers' : 'always',
      isReplaced: await replacedStatements(blobs, anew, keys, readFrom(client, repository)),
    });
  }
  const read = documentsOf(folderBlobs(blobs));
  const isReplaced = await replacedStatements(blobs, anew, keys, read);
  await keepWithBuilds(store, root, anew, { stale, isReplaced });
}

function placeText({ published }: AttachTarget): string {
  return published === undefined
    ? 'signed and kept with the build; scoville push publishes it'
    : `signed and published beside ${published.registry}/${published.repository}`;
}
