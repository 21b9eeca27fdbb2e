import { formatReference, type ImageReference } from '../../model/reference.ts';

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
 * sigstore. Left out: those who sign with a key of their own, which is for the user to get and name
 * (Docker Hardened Images, Red Hat, cert-manager), and those whose identity names each release
 * (Cilium, Flux).
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

/** Who signs the image, where its publisher is one of the table. */
export function publisherSigner(reference: ImageReference): PublisherSigner | undefined {
  const { registry, repository } = reference;
  const name = formatReference({ registry, repository });
  return PUBLISHER_SIGNERS.find(({ prefix }) => name.startsWith(prefix));
}
