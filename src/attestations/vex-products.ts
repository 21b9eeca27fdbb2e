import { type Digest, digestHex } from '../model/digest.ts';
import { purlText } from '../model/purl.ts';
import { familiarReference, type ImageReference } from '../model/reference.ts';

/** A product of an OpenVEX statement (OPENVEX-SPEC, "Product"). */
export interface VexProductId {
  readonly '@id': string;
  readonly hashes?: { readonly 'sha-256': string };
  readonly subcomponents?: readonly { readonly '@id': string }[];
}

/** An image as scanners may know it. */
export interface NamedImage {
  readonly reference: ImageReference;
  /** Of its index and each platform; how a scanner got the image decides which of them it knows. */
  readonly digests: readonly Digest[];
}

/**
 * An image's names, by each of which one of trivy, grype, Docker Scout and this tool knows it.
 * Trivy and grype ask with `pkg:oci/NAME@DIGEST` and put different things into `repository_url`, so
 * that it stays out: what a statement leaves out holds for all. The hash is grype's, too. Docker
 * Scout asks with `pkg:docker/IMAGE@TAG`. `packages` restrict them to those package URLs in the
 * image.
 */
export function vexProducts(
  { reference, digests }: NamedImage,
  packages: readonly string[],
): readonly VexProductId[] {
  const parts =
    packages.length === 0 ? {} : { subcomponents: packages.map((purl) => ({ '@id': purl })) };
  const name = reference.repository.split('/').at(-1) ?? reference.repository;
  const byDigest = [...new Set(digests)].map((digest) => ({
    '@id': purlText({ type: 'oci', path: [name], version: digest }),
    hashes: { 'sha-256': digestHex(digest) },
    ...parts,
  }));
  const { registry, repository, tag } = reference;
  if (tag === undefined) return byDigest;
  const path = familiarReference({ registry, repository }).split('/');
  return [...byDigest, { '@id': purlText({ type: 'docker', path, version: tag }), ...parts }];
}
