import { bool, type FlagValues, many, reports, text } from '../plans/flags/flag.ts';
import { OWN } from '../plans/flags/own-flags.ts';
import type { SignerFlags } from '../plans/signer-options.ts';

/** Forms that can show a comparison of two images; the others are for a scorecard. */
export const COMPARISON_FORMATS = ['terminal', 'json', 'html'] as const;

/** Flags that several commands have, each with one meaning. */
export const JSON_FLAG = bool('Print the result as JSON on stdout');
export const PLAIN_HTTP = {
  ...OWN['plain-http'],
  help: 'Speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)',
};
export const POLICY = text('FILE', 'A settings file whose registries count', { path: true });
export const PLATFORM = text('OS/ARCH[/VARIANT]', 'Only this platform');
export const BUILD_ARG = many(
  'NAME=VALUE',
  'Read the Dockerfile with these arguments; may be repeated',
);
export const DIFFOSCOPE = bool(
  'Run diffoscope, if installed, on the first ten binary files that differ',
);
export const COMPARISON_REPORT = reports(COMPARISON_FORMATS);

export const SIGNING_KEY = text('KEY|URI', 'Sign the result with this key', {
  path: true,
  standard: 'sign.key, else your own',
});

/** The flags that say whose signatures count. */
export const SIGNER_FLAGS = {
  key: many('FILE|URI', 'A public key, or a KMS URI of cosign; may be repeated', { path: true }),
  'certificate-identity': text('NAME', 'A keyless signer'),
  'certificate-identity-regexp': text(
    'PATTERN',
    'The same by a pattern; one that matches anybody is refused',
  ),
  'certificate-oidc-issuer': text('URL', 'Who vouches for that signer'),
  'certificate-oidc-issuer-regexp': text('PATTERN', 'The same by a pattern'),
  'trusted-root': text('FILE', 'The trusted root of sigstore for keyless signatures', {
    path: true,
    standard: 'cosign fetches it',
  }),
};

/** Who must have signed, and sigstore's trusted root for those that sign without a key. */
type NamedSigners = SignerFlags & { readonly trustedRoot?: string };

/** What the flags of signers name. */
export function namedSigners({
  key,
  certificateIdentity,
  certificateIdentityRegexp,
  certificateOidcIssuer,
  certificateOidcIssuerRegexp,
  trustedRoot,
}: FlagValues<typeof SIGNER_FLAGS>): NamedSigners {
  return {
    keys: key,
    identity: certificateIdentity,
    identityPattern: certificateIdentityRegexp,
    issuer: certificateOidcIssuer,
    issuerPattern: certificateOidcIssuerRegexp,
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
  };
}

export const REGRADE = bool('Sign the new verdict by the settings here, though it may be lower');

/** Of commands that attach something to an image and grade it again. */
export const ATTACH_FLAGS = {
  'signing-key': SIGNING_KEY,
  ...SIGNER_FLAGS,
  regrade: REGRADE,
  platform: PLATFORM,
  json: JSON_FLAG,
  'plain-http': PLAIN_HTTP,
  policy: POLICY,
};

/** Their headings in help. */
export const ATTACH_TITLES = {
  key: 'Whose signatures the new verdict counts (default: your own key, and trust.keys of the settings)',
  platform: 'Other flags',
};
