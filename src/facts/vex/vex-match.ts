import type { Digest } from '../../model/digest.ts';
import { type Purl, readPurl } from '../../model/purl.ts';
import { formatReference, type ImageReference, parseReference } from '../../model/reference.ts';

/** The image that statements may be about. */
export interface VexImage {
  /** Of its index and its manifest. */
  readonly digests: readonly [Digest, ...Digest[]];
  /** What it is called, parsed. */
  readonly references: readonly ImageReference[];
}

/**
 * True where a statement's package URL means this package: type, namespace and name alike, and
 * version and qualifiers wherever the statement gives them. What it leaves out may be anything.
 */
export function meansPackage(stated: string, actual: string): boolean {
  const [want, have] = [readPurl(stated), readPurl(actual)];
  if (want === undefined || have === undefined || want.type !== have.type) return false;
  if (foldedPath(want) !== foldedPath(have)) return false;
  if (want.version !== undefined && want.version !== have.version) return false;
  return [...want.qualifiers].every(([key, value]) => have.qualifiers.get(key) === value);
}

/** True for this image's digest, `pkg:oci`, `pkg:docker` or reference; never for another digest. */
export function meansImage(stated: string, image: VexImage): boolean {
  const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(stated)?.[1];
  const purl = readPurl(stated);
  if (purl === undefined && digest !== undefined) return hasDigest(image, digest);
  if (purl === undefined) {
    const reference = parseReference(stated);
    return reference.ok && image.references.some((own) => isCalled(own, reference.value));
  }
  if (purl.type !== 'oci' && purl.type !== 'docker') return false;
  if (purl.version?.startsWith('sha256:') === true) return hasDigest(image, purl.version);
  return image.references.some((own) => isNamed(own, purl));
}

/** True for an image of this repository, of any tag and digest. */
export function meansRepository(stated: string, { references }: VexImage): boolean {
  const purl = readPurl(stated);
  if (purl === undefined) {
    const read = parseReference(stated);
    if (!read.ok) return false;
    const { registry, repository } = read.value;
    return references.some((own) => isCalled(own, { registry, repository }));
  }
  if (purl.type !== 'oci' && purl.type !== 'docker') return false;
  const { type, path, qualifiers } = purl;
  // The last part of a name alone may be that of any image.
  if (type === 'oci' && !qualifiers.has('repository_url')) return false;
  const untagged = new Map([...qualifiers].filter(([key]) => key !== 'tag'));
  const whole = { type, path, version: undefined, qualifiers: untagged };
  return references.some((own) => isNamed(own, whole));
}

/** True for a package URL that says which version it is about. */
export function namesVersion(stated: string): boolean {
  return readPurl(stated)?.version !== undefined;
}

function hasDigest({ digests }: VexImage, digest: string): boolean {
  return digests.some((own) => own === digest);
}

function isCalled(own: ImageReference, stated: ImageReference): boolean {
  return (
    own.registry === stated.registry &&
    own.repository === stated.repository &&
    (stated.tag === undefined || stated.tag === own.tag)
  );
}

/** `pkg:oci/NAME?repository_url=HOST/PATH/NAME&tag=TAG`, `pkg:docker/PATH/NAME@TAG` (purl-spec). */
function isNamed(own: ImageReference, purl: Purl): boolean {
  const tag = purl.qualifiers.get('tag') ?? (purl.type === 'docker' ? purl.version : undefined);
  if (tag !== undefined && tag !== own.tag) return false;
  const full = `${own.registry}/${own.repository}`;
  const url = purl.qualifiers
    .get('repository_url')
    ?.replace(/^https?:\/\//, '')
    .replace(/(?<!\/)\/+$/, '');
  const path = purl.path.join('/').toLowerCase();
  if (purl.type === 'docker') {
    // As BuildKit and Docker Scout write it, the registry begins the name; purl-spec has it in the
    // qualifier.
    const named = parseReference(url === undefined ? path : `${url}/${path}`);
    return named.ok && formatReference(named.value) === full;
  }
  if (url !== undefined) return full === url || full === `${url}/${path}`;
  return own.repository.split('/').at(-1) === path;
}

const OF_NO_CASE = new Set(['pypi', 'npm', 'composer', 'deb', 'apk', 'rpm', 'nuget']);

function foldedPath({ type, path }: Purl): string {
  const whole = path.join('/');
  if (type === 'pypi') return whole.toLowerCase().replace(/[-_.]+/g, '-');
  return OF_NO_CASE.has(type) ? whole.toLowerCase() : whole;
}
