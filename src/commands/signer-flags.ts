import type { SignerFlags } from '../plans/signer-options.ts';

/** Who must have signed, and sigstore's trusted root for those that sign without a key. */
export type NamedSigners = SignerFlags & { readonly trustedRoot?: string };

const text = { type: 'string' } as const;

/** The flags by which a command is told whose signatures count. */
export const SIGNER_FLAGS = {
  key: { type: 'string', multiple: true, default: [] as string[] },
  'certificate-identity': text,
  'certificate-identity-regexp': text,
  'certificate-oidc-issuer': text,
  'certificate-oidc-issuer-regexp': text,
  'trusted-root': text,
} as const;

/** What their values name. */
export function namedSigners(
  values: { readonly key: readonly string[] } & {
    readonly [flag in Exclude<keyof typeof SIGNER_FLAGS, 'key'>]?: string | undefined;
  },
): NamedSigners {
  const trustedRoot = values['trusted-root'];
  return {
    keys: values.key,
    identity: values['certificate-identity'],
    identityPattern: values['certificate-identity-regexp'],
    issuer: values['certificate-oidc-issuer'],
    issuerPattern: values['certificate-oidc-issuer-regexp'],
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
  };
}
