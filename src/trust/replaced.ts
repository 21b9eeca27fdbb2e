import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type BlobStore, documentsOf, type ReadDocument } from '../image/blob-store.ts';
import { MAX_DOCUMENT_BYTES, parseManifest } from '../image/documents.ts';
import type { TaggedManifest } from '../image/referrers.ts';
import { type AttachedThere, taggedSubject } from '../image/registry/push.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { attachedForm, MAX_ATTACHED_BYTES, readAttachedBlob } from './attached.ts';
import { madeKind, publicKeyIn, signerOf } from './statement-kinds.ts';
import { NOBODY_NAMED, trustedSigners } from './trusted-signers.ts';

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
  const found =
    where === 'cosign-tag' ? { blob: descriptor } : await layerOf(descriptor, subject, read);
  if (found === undefined) return undefined;
  const { blob, artifactType } = found;
  const form = attachedForm(blob.mediaType, artifactType);
  if (form === undefined || blob.size > MAX_ATTACHED_BYTES) return undefined;
  const bytes = await read(blob, MAX_ATTACHED_BYTES);
  if (bytes === undefined) return undefined;
  const says = readAttachedBlob({
    form,
    bytes,
    mediaType: blob.mediaType,
    artifactType,
    annotations: blob.annotations,
    place: where === 'referrer' ? 'bundle-referrer' : 'cosign-tag',
    hangsOn: subject,
  });
  if (!says.ok || !says.value.subjects.includes(subject)) return undefined;
  const kind = madeKind(says.value.says);
  const signer = signerOf(says.value.proof, keys);
  return signer === undefined
    ? undefined
    : { name: JSON.stringify([where, subject, kind, signer]), kind, signer };
}

/** The one layer of a referrer that says itself that it is about the subject. */
async function layerOf(
  descriptor: Descriptor,
  subject: Digest,
  read: ReadDocument,
): Promise<{ readonly blob: Descriptor; readonly artifactType?: string } | undefined> {
  const bytes = await read(descriptor, MAX_DOCUMENT_BYTES);
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes, descriptor.digest);
  const [layer, second] = manifest.layers;
  if (manifest.subject?.digest !== subject || layer === undefined || second !== undefined)
    return undefined;
  // Before OCI 1.1 the type of an artifact was that of its config.
  return { blob: layer, artifactType: manifest.artifactType ?? manifest.config.mediaType };
}
