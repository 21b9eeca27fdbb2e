/**
 * How scanners decide whether a statement of OpenVEX is about the image that they scan, written
 * again from what they document and publish: go-vex (`Component.Matches`, `PurlMatches`), which
 * trivy and grype call; how those name the image (trivy `pkg/purl`, grype `grype/vex/openvex`);
 * Docker's manual, "Create an exception using the VEX", for Docker Scout, whose source is closed.
 */
interface Product {
  readonly '@id': string;
  readonly hashes?: Readonly<Record<string, string>>;
  readonly subcomponents?: readonly { readonly '@id': string }[];
}

interface Statement {
  readonly vulnerability: { readonly name: string; readonly aliases?: readonly string[] };
  readonly products: readonly Product[];
}

/** An image in a registry, as it was pulled: by the digest of its index or of one platform. */
export interface Pulled {
  /** go-containerregistry's spelling: `index.docker.io/library/alpine`. */
  readonly repository: string;
  readonly digest: string;
  readonly arch: string;
  /** As `docker` shows it: `alpine:3.22`. */
  readonly familiar: string;
}

function parts(purl: string): readonly [name: string, version: string, Map<string, string>] {
  const [whole = '', query = ''] = purl.split('?');
  const at = whole.lastIndexOf('@');
  const isVersioned = at > whole.lastIndexOf('/');
  return [
    decodeURIComponent(isVersioned ? whole.slice(0, at) : whole),
    isVersioned ? decodeURIComponent(whole.slice(at + 1)) : '',
    new Map(new URLSearchParams(query)),
  ];
}

function purlMatches(stated: string, asked: string): boolean {
  if (!stated.startsWith('pkg:') || !asked.startsWith('pkg:')) return false;
  const [name, version, qualifiers] = parts(stated);
  const [askedName, askedVersion, askedQualifiers] = parts(asked);
  return (
    name === askedName &&
    (version === '' || version === askedVersion) &&
    [...qualifiers].every(([key, value]) => askedQualifiers.get(key) === value)
  );
}

function isComponent({ '@id': id, hashes = {} }: Product, asked: string): boolean {
  return id === asked || purlMatches(id, asked) || Object.values(hashes).includes(asked);
}

function applies(
  { vulnerability: { name, aliases = [] }, products }: Statement,
  id: string,
  asked: readonly string[],
  purl: string,
): boolean {
  if (![name, ...aliases].includes(id)) return false;
  return products.some(
    (product) =>
      asked.some((one) => isComponent(product, one)) &&
      ((product.subcomponents ?? []).length === 0 ||
        (product.subcomponents ?? []).some((part) => isComponent(part, purl))),
  );
}

const lastOf = (repository: string): string => repository.split('/').at(-1) ?? '';

/** By which names each scanner asks. */
export const ASKS: Readonly<Record<string, (image: Pulled) => readonly string[]>> = {
  trivy: ({ repository, digest, arch }) => [
    `pkg:oci/${lastOf(repository)}@${encodeURIComponent(digest)}?arch=${arch}&repository_url=${encodeURIComponent(repository)}`,
  ],
  grype: ({ repository, digest }) => [
    `${repository}@${digest}`,
    `pkg:oci/${lastOf(repository)}@${encodeURIComponent(digest)}?repository_url=${encodeURIComponent(repository.replace(/\/[^/]+$/, ''))}`,
    digest.slice('sha256:'.length),
  ],
  'grype, of a copy with another name': ({ digest }) => [digest.slice('sha256:'.length)],
  'Docker Scout': ({ familiar }) => [`pkg:docker/${familiar.replace(/:([^:/]+)$/, '@$1')}`],
};

/**
 * True where a scanner takes one of the statements for a vulnerability of a package in an image.
 */
export function isHit(
  statements: readonly Statement[],
  asks: (image: Pulled) => readonly string[],
  image: Pulled,
  id: string,
  purl: string,
): boolean {
  return statements.some((statement) => applies(statement, id, asks(image), purl));
}
