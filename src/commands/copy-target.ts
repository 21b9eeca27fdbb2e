import { UserError } from '../model/errors.ts';
import type { OpenedImage } from '../model/opened-image.ts';
import { type ImageReference, parseReference } from '../model/reference.ts';
import type { CopyTarget } from '../pipeline/publish/copy-image.ts';

/**
 * Where `text` says that an image is copied to: `oci-archive:FILE`, `oci:DIR`, else a name in a
 * registry, which has the image's own tag where it says none. `source` is where it lies, if in a
 * registry. Throws UserError.
 */
export function copyTarget(
  text: string,
  image: Pick<OpenedImage, 'root' | 'whole'>,
  source?: ImageReference,
): CopyTarget {
  const [, prefix, path = ''] = /^(oci-archive|oci-dir|oci):(.+)$/s.exec(text) ?? [];
  if (prefix !== undefined) {
    // skopeo would take what follows for a name in the archive.
    if (path.includes(':'))
      throw new UserError(`${text}: the path of a target cannot contain a colon`, {
        nextStep: 'The image keeps its own name there; another one is given when it is pushed.',
      });
    return { kind: 'file', path, directory: prefix !== 'oci-archive' };
  }
  if (/^(?:\.{0,2}\/|~\/)/.test(text))
    throw new UserError(`${text} is a path, and does not say what is written there`, {
      nextStep: `Say oci-archive:${text} for one file, or oci:${text} for a folder.`,
    });
  const { reference, tags } = registryTarget(text, image.root.digest);
  const own = (image.whole?.names ?? []).flatMap((name) => {
    const parsed = parseReference(name);
    return parsed.ok ? (parsed.value.tag ?? []) : [];
  });
  const mountFrom = source?.registry === reference.registry ? source.repository : undefined;
  return {
    kind: 'registry',
    reference,
    tags: tags.length > 0 || reference.digest !== undefined ? tags : own.slice(0, 1),
    ...(mountFrom === undefined ? {} : { mountFrom }),
  };
}

/** A registry name and any tag. Throws UserError if unreadable or its digest is not `digest`. */
export function registryTarget(
  text: string,
  digest: string,
): { readonly reference: ImageReference; readonly tags: readonly string[] } {
  const parsed = parseReference(text.replace(/^(?:registry:|docker:\/\/)/, ''));
  if (!parsed.ok) throw new UserError(parsed.error);
  const reference = parsed.value;
  if (reference.digest !== undefined && reference.digest !== digest)
    throw new UserError(`${text} names another digest than the image has: ${digest}`, {
      nextStep: 'A copy keeps its digest; leave it out, or name the image that has it.',
    });
  return { reference, tags: reference.tag === undefined ? [] : [reference.tag] };
}
