import { parseDigest } from '../../model/digest.ts';
import { lookup } from '../../model/lookup.ts';
import { CONTAINERD_NAME, type Descriptor, REF_NAME } from '../../model/oci.ts';
import { fullName } from '../../model/reference.ts';

/** How `cosign save` marks what it writes beside the image. */
const COSIGN_KIND = 'kind';
const COSIGN_KINDS = lookup<'sig' | 'att' | undefined>({
  'dev.cosignproject.cosign/sigs': 'sig',
  'dev.cosignproject.cosign/atts': 'att',
});
const ATTACHED_TAG = /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/;

/** The names of an entry of index.json: containerd's in full, and the short ones. */
export function namesOf({ annotations = {} }: Descriptor): readonly string[] {
  const full = annotations[CONTAINERD_NAME];
  // buildx 0.13 joins all tags by commas.
  const short = (annotations[REF_NAME] ?? '').split(',').filter((name) => name !== '');
  return [...(full === undefined ? [] : [full]), ...short];
}

/** The names under which an engine loads an entry: containerd's in full, else the short ones. */
export function engineNames(entry: Descriptor): readonly string[] {
  const full = entry.annotations?.[CONTAINERD_NAME];
  return full === undefined ? namesOf(entry) : [full];
}

/** True where a name is an image's. An engine loads such an entry, whatever else it says. */
export function bearsName(entry: Descriptor): boolean {
  return namesOf(entry).some((name) => !ATTACHED_TAG.test(name));
}

/** True where an entry belongs to another: a referrer, tagged signature, or `cosign save` entry. */
export function isAttached(entry: Descriptor): boolean {
  if (bearsName(entry)) return false;
  return (
    entry.artifactType !== undefined ||
    cosignKind(entry) !== undefined ||
    ATTACHED_TAG.test(entry.annotations?.[REF_NAME] ?? '')
  );
}

/** `sig` or `att` where `cosign save` wrote the entry for the layout's one image. */
export function cosignKind({ annotations = {} }: Descriptor): 'sig' | 'att' | undefined {
  return COSIGN_KINDS[annotations[COSIGN_KIND] ?? ''];
}

/** The entry under a tag like `sha256-HEX.sig`. */
export function taggedEntry(entries: readonly Descriptor[], tag: string): Descriptor | undefined {
  const found = entries.find((entry) => entry.annotations?.[REF_NAME] === tag);
  return found === undefined ? undefined : plain(found);
}

/** True where the user's word for an image is one of the entry's names, its tag or its digest. */
export function isNamed(entry: Descriptor, wanted: string): boolean {
  if (parseDigest(wanted) === entry.digest) return true;
  const full = fullName(wanted);
  return namesOf(entry).some(
    (name) => name === wanted || (full !== undefined && full === fullName(name)),
  );
}

/** The descriptor without annotations, which are names in this layout and not part of the image. */
export function plain({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
}
