import { formatReference, type ImageReference } from '../../model/reference.ts';

interface TrustedPublisher {
  readonly name: string;
  /** What `REGISTRY/REPOSITORY` begins with; ends with a slash, or is a whole repository. */
  readonly prefix: string;
  readonly reason: string;
}

/** Publishers whose images count as from a trusted source. */
export const TRUSTED_PUBLISHERS: readonly TrustedPublisher[] = (
  [
    [
      'docker.io/library/',
      'Docker official images',
      'curated and rebuilt by Docker, with signed provenance and SBOM',
    ],
    ['docker.io/docker/', 'Docker', 'Docker’s own images, frontends among them'],
    ['docker.io/moby/buildkit', 'BuildKit', 'the builder itself'],
    ['docker.io/tonistiigi/xx', 'xx', 'BuildKit’s cross-build helper, by its maintainer'],
    ['dhi.io/', 'Docker Hardened Images', 'signed by Docker, with provenance and SBOM'],
    ['cgr.dev/chainguard/', 'Chainguard', 'signed keylessly, rebuilt daily'],
    ['gcr.io/distroless/', 'Google distroless', 'signed keylessly by its maintainers'],
    [
      'registry.access.redhat.com/',
      'Red Hat UBI',
      'signed by Red Hat; Red Hat alone publishes there',
    ],
    ['registry.redhat.io/', 'Red Hat', 'signed by Red Hat; Red Hat alone publishes there'],
    ['registry.suse.com/', 'SUSE', 'signed by SUSE; SUSE alone publishes there'],
    ['registry.fedoraproject.org/', 'Fedora', 'Fedora alone publishes there'],
    ['mcr.microsoft.com/', 'Microsoft', 'signed with notation; Microsoft alone publishes there'],
    ['public.ecr.aws/amazonlinux/', 'AWS on ECR Public', 'verified account of AWS'],
    [
      'public.ecr.aws/docker/library/',
      'Official images on ECR Public',
      'Docker’s own copy of the official images',
    ],
    ['public.ecr.aws/lambda/', 'AWS Lambda on ECR Public', 'verified account of AWS'],
    ['ghcr.io/sigstore/', 'Sigstore', 'cosign and its kin, signed with cosign'],
    ['gcr.io/projectsigstore/', 'Sigstore', 'the same, at its older place'],
    ['ghcr.io/astral-sh/', 'Astral', 'uv and its kin, with signed provenance of GitHub’s'],
    ['ghcr.io/fluxcd/', 'Flux', 'signed keylessly'],
    ['quay.io/cilium/', 'Cilium', 'signed keylessly since 1.13'],
    ['quay.io/jetstack/', 'cert-manager', 'signed with its published key'],
    ['quay.io/argoproj/', 'Argo', 'signed with cosign'],
    ['registry.k8s.io/', 'Kubernetes', 'signed keylessly by the Kubernetes release team'],
  ] as const
).map(([prefix, name, reason]) => ({ prefix, name, reason }));

/** Registries where anyone can open a namespace: nothing vouches for what stands in it. */
const PUBLIC_REGISTRIES = new Set(
  'docker.io ghcr.io quay.io registry.gitlab.com public.ecr.aws gcr.io cgr.dev ttl.sh'.split(' '),
);

/** The publisher or user's pattern that an image is trusted by; undefined if there is none. */
export function vouchedBy(
  reference: ImageReference,
  patterns: readonly string[],
): string | undefined {
  const name = nameOf(reference);
  const publisher = TRUSTED_PUBLISHERS.find(({ prefix }) =>
    prefix.endsWith('/') ? name.startsWith(prefix) : name === prefix,
  );
  if (publisher !== undefined) return `${publisher.name}: ${publisher.reason}`;
  const pattern = patterns.find((text) => matchesImage(text, reference));
  return pattern === undefined ? undefined : `trusted by the configuration (${pattern})`;
}

/** Why nothing vouches for the image. */
export function distrust(reference: ImageReference): string {
  return PUBLIC_REGISTRIES.has(reference.registry)
    ? `a user namespace on ${reference.registry}, for which nothing vouches`
    : `${reference.registry} is not a known publisher, and the settings do not trust it`;
}

function nameOf({ registry, repository }: ImageReference): string {
  return formatReference({ registry, repository });
}

/** A pattern is a short or full Docker name, with or without a tag; `*` matches any characters. */
export function matchesImage(pattern: string, reference: ImageReference): boolean {
  const name = nameOf(reference);
  const tagged = reference.tag === undefined ? name : `${name}:${reference.tag}`;
  const short = (text: string): string => text.replace(/^docker\.io\/(?:library\/)?/, '');
  return [name, tagged, short(name), short(tagged)].some((text) => glob(pattern, text));
}

/** Linear in the text: each piece between stars is looked for once, from left to right. */
function glob(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return pattern === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.endsWith(last) && text.length - last.length >= at;
}
