import { type Digest, digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex } from '../../model/oci.ts';
import type { AttachmentPlace } from '../attachments.ts';
import type { ReadDocument } from '../blobs/blob-source.ts';
import { MAX_DOCUMENT_BYTES, parseIndex, parseManifestOrIndex } from '../documents.ts';
import { cosignKind, plain, taggedEntry } from './layout-entries.ts';

const MAX_LOOKED_AT = 1000;

/**
 * What is attached to the images of a layout, by its index.json as the tools write it: entries
 * whose manifest has a subject (oras, this tool), signatures under `sha256-HEX.sig` (this tool,
 * skopeo), lists of referrers under `sha256-HEX` (regctl), and what `cosign save` puts beside its
 * one image.
 */
export function layoutAttachments(
  entries: readonly Descriptor[],
  root: Digest,
  read: ReadDocument,
): AttachmentPlace {
  let subjects: Promise<ReadonlyMap<Digest, readonly Descriptor[]>> | undefined;
  return {
    read,
    referrers: async (subject) => {
      subjects ??= bySubject(entries, root, read);
      const own = (await subjects).get(subject) ?? [];
      return [...own, ...(await listedUnder(entries, subject, read))];
    },
    tagged: (tag) => {
      const found = taggedEntry(entries, tag);
      const beside = entries.find((entry) => {
        const kind = cosignKind(entry);
        return kind !== undefined && tag === `sha256-${digestHex(root)}.${kind}`;
      });
      return Promise.resolve(found ?? (beside === undefined ? undefined : plain(beside)));
    },
  };
}

async function bySubject(
  entries: readonly Descriptor[],
  root: Digest,
  read: ReadDocument,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const others = entries.filter((entry) => entry.digest !== root);
  if (others.length > MAX_LOOKED_AT)
    throw new UserError(`the layout lists more than ${MAX_LOOKED_AT} manifests`);
  const found = new Map<Digest, Descriptor[]>();
  for (const entry of others) {
    const bytes = await read(entry, MAX_DOCUMENT_BYTES);
    if (bytes === undefined)
      throw new UserError(`the layout lacks ${entry.digest}, which it lists`);
    const subject = subjectOf(bytes, entry);
    if (subject !== undefined) found.set(subject, [...(found.get(subject) ?? []), entry]);
  }
  return found;
}

async function listedUnder(
  entries: readonly Descriptor[],
  subject: Digest,
  read: ReadDocument,
): Promise<readonly Descriptor[]> {
  const list = taggedEntry(entries, `sha256-${digestHex(subject)}`);
  if (list === undefined || !isIndex(list.mediaType)) return [];
  const bytes = await read(list, MAX_DOCUMENT_BYTES);
  if (bytes === undefined) throw new UserError(`the layout lacks ${list.digest}, which it lists`);
  return parseIndex(bytes, list.digest).manifests;
}

function subjectOf(bytes: Uint8Array, { mediaType, digest }: Descriptor): Digest | undefined {
  try {
    const document = parseManifestOrIndex(bytes, mediaType, digest);
    return (document.kind === 'index' ? document.index : document.manifest).subject?.digest;
  } catch {
    return undefined;
  }
}
