import { formatReference, type ImageReference } from '../../model/reference.ts';

/** A publisher whose images count as from a trusted source. */
interface TrustedPublisher {
  readonly name: string;
  /** What `REGISTRY/REPOSITORY` begins with; ends with a slash, or is a whole repository. */
  readonly prefix: string;
  readonly reason: string;
}

export const TRUSTED_PUBLISHERS: readonly TrustedPublisher[] = [
  {
    name: 'Docker official images',
    prefix: 'docker.io/library/',
    reason: 'curated and rebuilt by Docker, with signed provenance and SBOM',
  },
  {
    name: 'Docker',
    prefix: 'docker.io/docker/',
    reason: 'Docker’s own images, frontends among them',
  },
  { name: 'BuildKit', prefix: 'docker.io/moby/buildkit', reason: 'the builder itself' },
  {
    name: 'xx',
    prefix: 'docker.io/tonistiigi/xx',
    reason: 'BuildKit’s cross-build helper, by its maintainer',
  },
  {
    name: 'Docker Hardened Images',
    prefix: 'dhi.io/',
    reason: 'signed by Docker, with provenance and SBOM',
  },
  { name: 'Chainguard', prefix: 'cgr.dev/chainguard/', reason: 'signed keylessly, rebuilt daily' },
  {
    name: 'Google distroless',
    prefix: 'gcr.io/distroless/',
    reason: 'signed keylessly by its maintainers',
  },
  {
    name: 'Red Hat UBI',
    prefix: 'registry.access.redhat.com/',
    reason: 'signed by Red Hat; Red Hat alone publishes there',
  },
  {
    name: 'Red Hat',
    prefix: 'registry.redhat.io/',
    reason: 'signed by Red Hat; Red Hat alone publishes there',
  },
  {
    name: 'SUSE',
    prefix: 'registry.suse.com/',
    reason: 'signed by SUSE; SUSE alone publishes there',
  },
  { name: 'Fedora', prefix: 'registry.fedoraproject.org/', reason: 'Fedora alone publishes there' },
  {
    name: 'Microsoft',
    prefix: 'mcr.microsoft.com/',
    reason: 'signed with notation; Microsoft alone publishes there',
  },
  {
    name: 'AWS on ECR Public',
    prefix: 'public.ecr.aws/amazonlinux/',
    reason: 'verified account of AWS',
  },
  {
    name: 'Official images on ECR Public',
    prefix: 'public.ecr.aws/docker/library/',
    reason: 'Docker’s own copy of the official images',
  },
  {
    name: 'AWS Lambda on ECR Public',
    prefix: 'public.ecr.aws/lambda/',
    reason: 'verified account of AWS',
  },
  {
    name: 'Sigstore',
    prefix: 'ghcr.io/sigstore/',
    reason: 'cosign and its kin, signed with cosign',
  },
  { name: 'Sigstore', prefix: 'gcr.io/projectsigstore/', reason: 'the same, at its older place' },
  {
    name: 'Astral',
    prefix: 'ghcr.io/astral-sh/',
    reason: 'uv and its kin, with signed provenance of GitHub’s',
  },
  { name: 'Flux', prefix: 'ghcr.io/fluxcd/', reason: 'signed keylessly' },
  { name: 'Cilium', prefix: 'quay.io/cilium/', reason: 'signed keylessly since 1.13' },
  { name: 'cert-manager', prefix: 'quay.io/jetstack/', reason: 'signed with its published key' },
  { name: 'Argo', prefix: 'quay.io/argoproj/', reason: 'signed with cosign' },
  {
    name: 'Kubernetes',
    prefix: 'registry.k8s.io/',
    reason: 'signed keylessly by the Kubernetes release team',
  },
];

/** Registries where anyone can open a namespace: nothing vouches for what stands in it. */
const PUBLIC_REGISTRIES = new Set([
  'docker.io',
  'ghcr.io',
  'quay.io',
  'registry.gitlab.com',
  'public.ecr.aws',
  'gcr.io',
  'cgr.dev',
  'ttl.sh',
]);

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
