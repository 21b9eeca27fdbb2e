import type { EvidenceState } from '../model/criterion.ts';
import { NAME_THE_DOCKERFILE } from '../model/facts.ts';
import { formatReference, type ImageReference } from '../model/reference.ts';
import { criterion } from './criterion.ts';
import { criterionRule } from './lint-rule.ts';
import { imageFindings, judgeImages, type OutsideImage } from './outside-images.ts';

interface TrustedPublisher {
  readonly name: string;
  /** What `REGISTRY/REPOSITORY` begins with; ends with a slash, or is a whole repository. */
  readonly prefix: string;
  readonly reason: string;
}

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

/** Registries where anyone can open a namespace, so nobody vouches for the content. */
const PUBLIC_REGISTRIES = new Set(
  'docker.io ghcr.io quay.io registry.gitlab.com public.ecr.aws gcr.io cgr.dev ttl.sh'.split(' '),
);

/** The publisher or the user's pattern that trusts an image; undefined if there is none. */
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
function distrust(reference: ImageReference): string {
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

/** Who signs a publisher's images without a key, as the publisher documents it. */
interface PublisherSigner {
  readonly name: string;
  /** What `REGISTRY/REPOSITORY` begins with; ends with a slash. */
  readonly prefix: string;
  readonly identity: string;
  readonly issuer: string;
  /** Where the publisher says so. */
  readonly source: string;
}

const GITHUB = 'https://token.actions.githubusercontent.com';
const GOOGLE = 'https://accounts.google.com';

/**
 * Publishers whose keyless signature can be asked for by one identity, with the root of the public
 * sigstore. Those who sign with a key of their own are left out, since the user has to get and name
 * it (Docker Hardened Images, Red Hat, cert-manager). So are those whose identity names each
 * release (Cilium, Flux).
 */
export const PUBLISHER_SIGNERS: readonly PublisherSigner[] = [
  {
    name: 'Chainguard',
    prefix: 'cgr.dev/chainguard/',
    identity:
      'https://github.com/chainguard-images/images/.github/workflows/release.yaml@refs/heads/main',
    issuer: GITHUB,
    source:
      'https://edu.chainguard.dev/chainguard/containers/security-and-compliance/verifying-chainguard-images-and-metadata-signatures-with-cosign/',
  },
  {
    name: 'Google distroless',
    prefix: 'gcr.io/distroless/',
    identity: 'keyless@distroless.iam.gserviceaccount.com',
    issuer: GOOGLE,
    source: 'https://github.com/GoogleContainerTools/distroless#how-do-i-verify-distroless-images',
  },
  {
    name: 'Kubernetes',
    prefix: 'registry.k8s.io/',
    identity: 'krel-trust@k8s-releng-prod.iam.gserviceaccount.com',
    issuer: GOOGLE,
    source: 'https://kubernetes.io/docs/tasks/administer-cluster/verify-signed-artifacts/',
  },
  {
    name: 'Sigstore',
    prefix: 'ghcr.io/sigstore/cosign/',
    identity: 'keyless@projectsigstore.iam.gserviceaccount.com',
    issuer: GOOGLE,
    source: 'https://docs.sigstore.dev/cosign/system_config/installation/',
  },
];

export function publisherSigner(reference: ImageReference): PublisherSigner | undefined {
  const { registry, repository } = reference;
  const name = formatReference({ registry, repository });
  return PUBLISHER_SIGNERS.find(({ prefix }) => name.startsWith(prefix));
}

function judgeSource(
  image: OutsideImage,
  patterns: readonly string[],
): { readonly state: EvidenceState; readonly reason: string } {
  if (image.signedBy !== undefined)
    return { state: 'held', reason: `signature of ${image.signedBy} verified` };
  if (image.reference === undefined) return { state: 'open', reason: 'its name is not constant' };
  const voucher = vouchedBy(image.reference, patterns);
  return voucher === undefined
    ? { state: 'loose', reason: distrust(image.reference) }
    : { state: 'held', reason: voucher };
}

export const trustedSource = criterion({
  id: 'trusted-source',
  title: 'Images from a trusted source',
  vector: 'provenance',
  level: 1,
  spec: '#download-from-trusted-source',
  why: 'The publisher of a base image can run code in every image that is built on it.',
  needs: ['build', 'declarations'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Every outside image that the build used is judged separately: FROM, COPY --from, RUN ' +
    '--mount from, build contexts, the `# syntax` frontend. It needs a publisher’s signature ' +
    'that verified, a place in the table of publishers, or a pattern under `trust.images` in ' +
    'the configuration. A host name alone proves nothing.',
  check: ({ build, declarations }) =>
    judgeImages(build, (image) => judgeSource(image, declarations.trustedImages), {
      none: 'no outside image',
      short: 'nothing vouches for',
      met: 'from trusted publishers',
    }),
  remedies: [
    {
      title: 'Use images from a trusted publisher',
      detail:
        'Use a Docker Official Image or a listed publisher, or add your registry to trust.images in .scoville.yaml.',
      example: 'trust:\n  images: [registry.example.com/base/*]',
    },
  ],
});

export const trustedSourceRule = criterionRule(trustedSource, {
  bad: 'FROM someone/node:22\n',
  good: 'FROM node:22-slim\n',
  check: ({ model, declarations }) =>
    imageFindings(model, (image) => judgeSource(image, declarations.trustedImages)),
});
