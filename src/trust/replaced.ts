import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { noStdin } from '../build/context-source.ts';
import type { Registries } from '../build/registries.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { type BlobStore, documentsOf, type ReadDocument } from '../image/blob-store.ts';
import { MAX_DOCUMENT_BYTES, parseManifest } from '../image/documents.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { type TaggedManifest, writeTaggedManifest } from '../image/referrers.ts';
import { type AttachedThere, taggedSubject } from '../image/registry/push.ts';
import { ToolError, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, formatReference, parseReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { attachedForm, MAX_ATTACHED_BYTES, readAttachedBlob } from './attached.ts';
import { publicKeyIn } from './keys.ts';
import { openBuild, statedVerdicts } from './renew-verdict.ts';
import { isVerdict, madeKind, signerOf } from './statement-kinds.ts';
import { NOBODY_NAMED, trustedSigners } from './trusted-signers.ts';
import type { StatedVerdict } from './verdict.ts';
import { type AttachedEvidence, readAttachments } from './verify-attached.ts';

const PREDICATE_TYPE = 'dev.sigstore.bundle.predicateType';

/** Referrers, and what hangs under cosign's tags. */
export interface Made {
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}

/** Public keys at hand, which this user may sign with; one behind a URI is not asked for. */
export async function keysAtHand(
  context: PipelineContext,
  settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>,
): Promise<readonly KeyObject[]> {
  const { signers } = await trustedSigners(context, settings, NOBODY_NAMED);
  const texts = signers.map(({ signer }) =>
    signer.kind === 'key'
      ? readFile(signer.publicKey, 'utf8').catch(() => '')
      : Promise.resolve(''),
  );
  return (await Promise.all(texts)).flatMap((pem) => publicKeyIn(pem) ?? []);
}

/**
 * True for an attachment that what is made now replaces: a statement of the same
 * kind, on the same digest, by the same signer, whose signature verifies. What another signed, or
 * nobody, or what another tool made, stays. `read` reads what is there; where
 * given, `kinds` are all that may be replaced.
 */
export async function replacedStatements(
  blobs: BlobStore,
  made: Made,
  keys: readonly KeyObject[],
  read: ReadDocument,
  kinds?: readonly string[],
): Promise<(there: AttachedThere) => Promise<boolean>> {
  const own = documentsOf(blobs);
  const names = new Set<string>();
  const types = new Set<string>();
  for (const there of await madePlaces(blobs, made)) {
    const found = await nameOf(there, keys, own);
    if (found?.kind === undefined || kinds?.includes(found.kind) === false) continue;
    const { name } = found;
    names.add(name);
    types.add(there.descriptor.annotations?.[PREDICATE_TYPE] ?? '');
  }
  // A list is read again where another client writes too.
  const answers = new Map<string, Promise<boolean>>();
  return (there) => {
    const type = there.descriptor.annotations?.[PREDICATE_TYPE];
    if (names.size === 0 || (type !== undefined && !types.has(type))) return Promise.resolve(false);
    const key = JSON.stringify(there);
    const before = answers.get(key);
    if (before !== undefined) return before;
    const answer = nameOf(there, keys, read).then(
      (found) => found?.kind !== undefined && names.has(found.name),
      (error: unknown) => {
        // What cannot be read is not known to be ours.
        if (error instanceof UserError) return false;
        throw error;
      },
    );
    answers.set(key, answer);
    return answer;
  };
}

export async function madePlaces(blobs: BlobStore, made: Made): Promise<readonly AttachedThere[]> {
  const places: AttachedThere[] = [];
  for (const descriptor of made.referrers) {
    const { subject } = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
    if (subject !== undefined)
      places.push({ subject: subject.digest, where: 'referrer', descriptor });
  }
  for (const { tag, descriptor } of made.tagged)
    for (const layer of parseManifest(await blobs.readDocument(descriptor), tag).layers)
      places.push({ subject: taggedSubject(tag), where: 'cosign-tag', descriptor: layer });
  return places;
}

export async function signerIn(
  there: AttachedThere,
  keys: readonly KeyObject[],
  read: ReadDocument,
): Promise<string | undefined> {
  return (await nameOf(there, keys, read))?.signer;
}

/** Place, subject, kind and signer of a statement; the kind of those alone that a build makes. */
async function nameOf(
  { subject, where, descriptor }: AttachedThere,
  keys: readonly KeyObject[],
  read: ReadDocument,
): Promise<
  { readonly name: string; readonly kind: string | undefined; readonly signer: string } | undefined
> {
  const isTagged = where === 'cosign-tag';
  const [blob, artifactType] = isTagged ? [descriptor] : await layerOf(descriptor, subject, read);
  if (blob === undefined || blob.size > MAX_ATTACHED_BYTES) return undefined;
  const place = isTagged ? 'cosign-tag' : 'bundle-referrer';
  const attached = { blob, artifactType, place, hangsOn: subject } as const;
  if (attachedForm(attached) === undefined) return undefined;
  const bytes = await read(blob, MAX_ATTACHED_BYTES);
  const found = bytes && readAttachedBlob(attached, bytes);
  if (found?.ok !== true || !found.value.subjects.includes(subject)) return undefined;
  const { says, proof } = found.value;
  const [kind, signer] = [madeKind(says), signerOf(proof, keys)];
  return signer === undefined
    ? undefined
    : { name: JSON.stringify([where, subject, kind, signer]), kind, signer };
}

/** The one layer of a referrer that says itself that it is about the subject, and its type. */
async function layerOf(
  descriptor: Descriptor,
  subject: Digest,
  read: ReadDocument,
): Promise<readonly [Descriptor, string] | readonly []> {
  const bytes = await read(descriptor, MAX_DOCUMENT_BYTES);
  if (bytes === undefined) return [];
  const { layers, subject: about, artifactType, config } = parseManifest(bytes, descriptor.digest);
  const [layer, second] = layers;
  if (about?.digest !== subject || layer === undefined || second !== undefined) return [];
  return [layer, artifactType ?? config.mediaType];
}

interface Stored {
  readonly store: LayoutStore;
  readonly settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>;
  readonly name: string;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}

/**
 * What a stored build publishes beside its image. Its own verdict stays out where the registry has
 * a newer one by the same signer; where it replaces a better one, that is a warning.
 */
export async function withoutOlderVerdict(
  context: PipelineContext,
  registries: Registries,
  { store, settings, name, index, referrers, tagged }: Stored,
): Promise<Pick<Stored, 'referrers' | 'tagged'>> {
  const stored = { referrers, tagged };
  const reference = parseReference(name);
  if (!reference.ok) return stored;
  const { registry, repository } = reference.value;
  const there = formatReference({ registry, repository, digest: index.digest });
  const request = { text: `registry:${there}`, stdin: noStdin() };
  const published = await openNamedImage(context, registries, request).catch((error: unknown) => {
    // It is not published yet, or the push itself says why nobody answers.
    if (error instanceof UserError || error instanceof ToolError) return undefined;
    throw error;
  });
  if (published === undefined) return stored;
  try {
    const keys = await keysAtHand(context, settings);
    const verdictsOf = async (image: OpenedImage): Promise<readonly AttachedEvidence[]> =>
      (await readAttachments(image)).found.filter(({ says }) => isVerdict(says));
    // Of the layout: nothing stays open.
    const mine = await verdictsOf(await openBuild(store, index, name));
    const signers = new Set(mine.flatMap(({ proof }) => signerOf(proof, keys) ?? []));
    const newest = (all: readonly AttachedEvidence[]): StatedVerdict | undefined =>
      statedVerdicts(all.filter(({ proof }) => signers.has(signerOf(proof, keys) ?? '')))[0];
    const [before, now] = [newest(await verdictsOf(published)), newest(mine)];
    if (before === undefined || now === undefined) return stored;
    const words = ({ level, timeVerified }: StatedVerdict): string =>
      `${level === undefined ? 'gate missed' : `level ${level}`}, ${timeVerified}`;
    const isNewer = Date.parse(before.timeVerified) > Date.parse(now.timeVerified);
    if (!isNewer && (before.level ?? -1) <= (now.level ?? -1)) return stored;
    context.emit({
      kind: 'warning',
      text: isNewer
        ? `${there} has a newer verdict (${words(before)}): that of this build (${words(now)}) is not published`
        : `the verdict of this build (${words(now)}) replaces a better one (${words(before)}) in ${there}`,
    });
    if (!isNewer) return stored;
    const left = new Set(mine.map(({ attachment }) => attachment.descriptor.digest));
    return {
      referrers: referrers.filter(({ digest }) => !left.has(digest)),
      tagged: await Promise.all(
        tagged.map(async ({ tag, descriptor }) => {
          const bytes = await store.blobs.readDocument(descriptor);
          const layers = parseManifest(bytes, tag).layers.filter(({ digest }) => !left.has(digest));
          return { tag, descriptor: await writeTaggedManifest(store.blobs, layers) };
        }),
      ),
    };
  } finally {
    await published.close();
  }
}
