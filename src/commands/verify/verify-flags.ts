import { isPredicateName, PREDICATE_NAMES } from '../../attestations/predicate-name.ts';
import type { CommandSpec } from '../../plans/flags/command-spec.ts';
import { type FlagValues, many, text, whole } from '../../plans/flags/flag.ts';
import { LEVELS } from '../../plans/flags/own-flags.ts';
import { JSON_FLAG, PLAIN_HTTP, PLATFORM, SIGNER_FLAGS } from '../shared-flags.ts';

export const VERIFY = {
  name: 'verify',
  usage: ['verify [flags] IMAGE...'],
  about: `
Says whether an image may be deployed: a signature of its digest verifies against a key or identity that you name, and
verified attestations state what you ask for. Prints the digest, which is what to deploy. A name with a registry's host
is looked up there; a prefix says another place: docker: store: oci: oci-archive:.`,
  examples: [
    ['scoville verify --key cosign.pub HOST/my-app:1', 'signed by this key'],
    ['scoville verify --min-level 2 HOST/my-app:1', 'and graded level 2 or above'],
    ['scoville verify --type sbom --type provenance HOST/my-app:1', 'with these attestations'],
  ],
  exits: [
    ['0', 'verified'],
    ['1', 'not verified, or the policy is not met'],
    ['2', 'could not be verified, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: {
    ...SIGNER_FLAGS,
    type: many(
      'TYPE',
      'A predicate type that must be stated: a URI or a name; may be repeated',
      { choices: PREDICATE_NAMES },
      (given) =>
        isPredicateName(given)
          ? undefined
          : `invalid value ${JSON.stringify(given)} for --type; name a URI, or one of ${PREDICATE_NAMES.join(', ')}`,
    ),
    'min-level': whole(
      'LEVEL',
      'By a verdict that Scoville attested',
      { most: 5 },
      { choices: LEVELS },
    ),
    policy: text(
      'FILE',
      'A settings file: its trust.keys must have signed, its gate.minLevel is asked for',
      {
        path: true,
      },
    ),
    platform: PLATFORM,
    json: JSON_FLAG,
    'plain-http': PLAIN_HTTP,
  },
  titles: {
    key: 'Who must have signed (default: your own key, and trust.keys of the settings)',
    type: 'What must be stated',
    platform: 'Other flags',
  },
  operands: { least: 1, error: 'needs an image' },
} satisfies CommandSpec;

/** What `scoville verify` was asked for. */
export type VerifyFlags = FlagValues<typeof VERIFY.flags>;
