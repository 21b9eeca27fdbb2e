import { type Digest, digestHex } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import { inParallel } from '../model/in-parallel.ts';
import type { Descriptor } from '../model/oci.ts';
import type { AttachedLists, Content } from '../model/opened-image.ts';
import { byName } from '../model/order.ts';
import { parseManifestOrIndex } from './documents.ts';
import { reachable } from './layout/reachable.ts';
import type { TaggedManifest } from './legacy-signature.ts';

/** Everything that is said of an image. */
export interface AttachedClosure {
  /** As a list of referrers names them. */
  readonly referrers: readonly { readonly subject: Digest; readonly descriptor: Descriptor }[];
  readonly tagged: readonly TaggedManifest[];
}

/** Of cosign's before bundles: signatures, attestations, and what `cosign attach sbom` wrote. */
const SUFFIXES = ['sig', 'att', 'sbom'] as const;
const AT_ONCE = 6;
/** An image has a dozen; a list of more is none to be copied unseen. */
const MAX_FOUND = 1000;

/**
 * Finds what hangs on any of `subjects` in a place, on what hangs there, and so on: by lists of
 * referrers and by cosign's tags. What a list names counts where its manifest says itself that it
 * is about the subject. Throws UserError where the place cannot be asked or lacks what it lists: a
 * part is not given for the whole.
 */
export async function attachedClosure(
  { content, lists }: { readonly content: Content; readonly lists: AttachedLists },
  subjects: readonly Digest[],
): Promise<AttachedClosure> {
  const referrers = new Map<Digest, AttachedClosure['referrers'][number]>();
  const tagged = new Map<string, TaggedManifest>();
  const asked = new Set<Digest>();
  let next: readonly Digest[] = [...new Set(subjects)];
  while (next.length > 0) {
    for (const subject of next) asked.add(subject);
    const found: Descriptor[] = [];
    await inParallel(questions(next), AT_ONCE, async ({ subject, suffix }) => {
      if (suffix === undefined) {
        const all = await lists.referrers(subject);
        // Each of them costs a request.
        if (all.length > MAX_FOUND) throw tooMany();
        for (const listed of all) {
          const referrer = await asListed(content, listed, subject);
          if (referrer === undefined) continue;
          referrers.set(referrer.digest, { subject, descriptor: referrer });
          found.push(referrer);
        }
        return;
      }
      const tag = `sha256-${digestHex(subject)}.${suffix}`;
      const descriptor = await lists.tagged(tag);
      if (descriptor === undefined) return;
      tagged.set(tag, { tag, descriptor });
      found.push(descriptor);
    });
    if (referrers.size + tagged.size > MAX_FOUND) throw tooMany();
    const { manifests } = await reachable(content, found);
    next = manifests.map(({ digest }) => digest).filter((digest) => !asked.has(digest));
  }
  // In an order that does not depend on who answered first.
  const inOrder = <T>(all: ReadonlyMap<string, T>): readonly T[] =>
    byName(all).map(([, one]) => one);
  return { referrers: inOrder(referrers), tagged: inOrder(tagged) };
}

function tooMany(): UserError {
  return new UserError(`more than ${MAX_FOUND} signatures and attestations hang on the image`);
}

interface Question {
  readonly subject: Digest;
  /** The list of referrers where there is none. */
  readonly suffix?: (typeof SUFFIXES)[number];
}

function questions(subjects: readonly Digest[]): readonly Question[] {
  return subjects.flatMap((subject) => [
    { subject },
    ...SUFFIXES.map((suffix) => ({ subject, suffix })),
  ]);
}

/**
 * A referrer as lists have to name it, by its own manifest (distribution-spec, "Listing
 * Referrers"); undefined where it is about something else.
 */
async function asListed(
  content: Content,
  { mediaType, digest, size }: Descriptor,
  about: Digest,
): Promise<Descriptor | undefined> {
  const bytes = await content.readDocument({ mediaType, digest, size });
  const document = parseManifestOrIndex(bytes, mediaType, digest);
  const { subject, artifactType, annotations, ...own } =
    document.kind === 'index' ? document.index : document.manifest;
  if (subject?.digest !== about) return undefined;
  const type =
    artifactType ?? (document.kind === 'index' ? undefined : document.manifest.config.mediaType);
  return {
    mediaType: own.mediaType ?? mediaType,
    digest,
    size,
    ...(type === undefined ? {} : { artifactType: type }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
