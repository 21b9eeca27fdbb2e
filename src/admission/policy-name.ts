import { digestHex, digestOf } from '../model/digest.ts';
import { fileName } from '../model/path.ts';
import type { AdmittedImage } from './admitted-image.ts';

/** A Kubernetes name (RFC 1123 label) for the policy: readable, and different per repository. */
export function policyName({ repository }: Pick<AdmittedImage, 'repository'>): string {
  const last = fileName(repository);
  const readable = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${readable.slice(0, 40).replace(/-$/, '')}-${digestHex(digestOf(repository)).slice(0, 8)}`;
}

/** The label of a namespace in which Kyverno's policies count. */
export const NAMESPACE_LABEL = 'scoville/policy';
