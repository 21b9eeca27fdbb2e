import { isPredicateName, PREDICATE_NAMES } from '../../attestations/predicate-name.ts';
import { UserError } from '../../model/errors.ts';
import { readFlags, wholeNumber } from '../flags.ts';
import { type NamedSigners, namedSigners, SIGNER_FLAGS } from '../signer-flags.ts';

export const VERIFY_HELP = `Usage: scoville verify [flags] IMAGE...

Says whether an image may be deployed: a signature of its digest verifies against a key or identity that you name, and
verified attestations state what you ask for. Prints the digest, which is what to deploy.
A name with a registry's host is looked up there; a prefix says another place: docker: store: oci: oci-archive:.

Who must have signed (default: your own key, and trust.keys of the settings)
  --key FILE|URI                          a public key, or a KMS URI of cosign's; may be repeated
  --certificate-identity NAME             a keyless signer
  --certificate-identity-regexp PATTERN   the same by a pattern; one that anybody matches is refused
  --certificate-oidc-issuer URL           who vouches for that signer
  --certificate-oidc-issuer-regexp PATTERN
  --trusted-root FILE                     sigstore's trusted root, for an instance of your own or without a network

What must be stated
  --type TYPE            a predicate type, by URI or as provenance, sbom, cyclonedx, spdx, vsa ...; may be repeated
  --min-level LEVEL      0 to 5, by a verdict that Scoville attested
  --policy FILE          a settings file: its trust.keys must have signed, its gate.minLevel is asked for

  --platform OS/ARCH     only this platform
  --json                 the answer as JSON
  --plain-http HOST      speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)

Exit codes: 0 verified; 1 not verified, or short of what is asked; 2 it could not be told.
`;

/** What `scoville verify` was asked for. */
export interface VerifyFlags {
  readonly help: boolean;
  readonly images: readonly string[];
  readonly signers: NamedSigners;
  readonly types: readonly string[];
  readonly minLevel: number | undefined;
  readonly policy: string | undefined;
  readonly platform: string | undefined;
  readonly json: boolean;
  readonly plainHttp: readonly string[];
}

const many = { type: 'string', multiple: true, default: [] as string[] } as const;
const text = { type: 'string' } as const;

/** Reads the flags; throws UserError for one that is not known or has a wrong value. */
export function readVerifyFlags(args: readonly string[]): VerifyFlags {
  const { values, positionals } = readFlags('verify', args, {
    ...SIGNER_FLAGS,
    type: many,
    'min-level': text,
    policy: text,
    platform: text,
    json: { type: 'boolean', default: false },
    'plain-http': many,
    help: { type: 'boolean', short: 'h', default: false },
  });
  const unknown = values.type.find((type) => !isPredicateName(type));
  if (unknown !== undefined)
    throw new UserError(`--type does not know ${JSON.stringify(unknown)}`, {
      nextStep: `name a URI, or one of ${PREDICATE_NAMES.join(', ')}`,
    });
  const level = values['min-level'];
  return {
    help: values.help,
    images: positionals,
    signers: namedSigners(values),
    types: values.type,
    minLevel: level === undefined ? undefined : wholeNumber('min-level', level, 5),
    policy: values.policy,
    platform: values.platform,
    json: values.json,
    plainHttp: values['plain-http'],
  };
}
