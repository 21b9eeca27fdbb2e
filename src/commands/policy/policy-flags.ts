import { POLICY_FORMAT_NAMES } from '../../admission/policy.ts';
import type { CommandSpec } from '../../plans/flags/command-spec.ts';
import { type FlagValues, many, text } from '../../plans/flags/flag.ts';
import { PLAIN_HTTP, SIGNER_FLAGS } from '../shared-flags.ts';
import { VERIFY } from '../verify/verify-flags.ts';

export const POLICY_COMMAND = {
  name: 'policy',
  usage: ['policy [flags] IMAGE'],
  about: `
Writes policies that admit an image and refuse everything else. The image is looked up in its registry and verified first,
as verify does: what its signers sign in the same repository is admitted. Name the image by its digest to admit that digest
alone. --type and --min-level become rules too: provenance of the same builder, an SBOM, a level.

An engine that cannot read how this image is signed, or cannot ask for what you ask for, gets no policy. The reason is
printed.`,
  examples: [
    ['scoville policy --for kyverno HOST/my-app:1', 'one policy, on stdout'],
    ['scoville policy --output policies HOST/my-app:1', 'every policy that can admit it'],
    ['scoville policy --for cosign --min-level 2 -o . HOST/my-app:1', 'level 2 and above'],
  ],
  exits: [
    ['0', 'written'],
    ['1', 'the image does not verify: nothing is written'],
    ['2', 'it cannot be verified, no policy can admit it, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: {
    for: many(
      'ENGINE',
      'For this engine; may be repeated',
      { choices: POLICY_FORMAT_NAMES, standard: 'every engine that can admit the image' },
      (given) =>
        POLICY_FORMAT_NAMES.some((name) => name === given)
          ? undefined
          : `invalid value ${JSON.stringify(given)} for --for; use one of ${POLICY_FORMAT_NAMES.join(', ')}`,
    ),
    output: text('DIR', 'Write the files into this folder', {
      short: 'o',
      path: true,
      standard: 'a single file is printed',
    }),
    mirror: many(
      'REPOSITORY',
      'A mirror in registries.conf, for containers-image; may be repeated',
    ),
    type: VERIFY.flags.type,
    'min-level': VERIFY.flags['min-level'],
    ...SIGNER_FLAGS,
    policy: VERIFY.flags.policy,
    'plain-http': PLAIN_HTTP,
  },
  titles: {
    for: 'What is written',
    type: 'What must be stated',
    key: VERIFY.titles.key,
    policy: 'Other flags',
  },
  operands: { least: 1, most: 1, error: 'needs one image' },
} satisfies CommandSpec;

/** What `scoville policy` was asked for. */
export type PolicyFlags = FlagValues<typeof POLICY_COMMAND.flags>;
