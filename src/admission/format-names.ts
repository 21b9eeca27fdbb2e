/** The names that `--for` takes, in the order of help; kept apart so that help loads no more. */
export const POLICY_FORMAT_NAMES = [
  'policy-controller',
  'kyverno',
  'kyverno-cluster-policy',
  'ratify',
  'containers-image',
  'buildkit',
  'buildx',
  'cosign',
] as const;

/** A name that `--for` takes. */
export type PolicyFormatName = (typeof POLICY_FORMAT_NAMES)[number];
