import type { PolicyFormat } from './admitted-image.ts';
import { buildkit, buildx } from './buildkit.ts';
import { containersImage } from './containers-image.ts';
import { cosignCommands } from './cosign-commands.ts';
import type { PolicyFormatName } from './format-names.ts';
import { kyvernoClusterPolicy } from './kyverno-cluster-policy.ts';
import { kyverno } from './kyverno.ts';
import { policyController } from './policy-controller.ts';
import { ratify } from './ratify.ts';

/** What writes the policy of each engine. */
export const POLICY_FORMATS: Readonly<Record<PolicyFormatName, PolicyFormat>> = {
  'policy-controller': policyController,
  kyverno,
  'kyverno-cluster-policy': kyvernoClusterPolicy,
  ratify,
  'containers-image': containersImage,
  buildkit,
  buildx,
  cosign: cosignCommands,
};
