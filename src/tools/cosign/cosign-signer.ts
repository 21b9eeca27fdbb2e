import { keyScheme } from '../../model/key-scheme.ts';
import { keyAccess, keyName } from './key-uri.ts';

/** A text that must be equal, or a regular expression (Go's syntax) that must match. */
type Named = { readonly exact: string } | { readonly pattern: string };

/**
 * Who must have signed. A key (file, KMS or other URI of cosign's) needs no network; an identity
 * needs sigstore's trusted root, which cosign fetches where no file is given.
 */
export type Signer =
  | { readonly kind: 'key'; readonly publicKey: string }
  | {
      readonly kind: 'identity';
      readonly identity: Named;
      readonly issuer: Named;
      /** A file; for a sigstore of one's own, or without a network. */
      readonly trustedRoot?: string;
    };

/** True where cosign asks the network before it knows whether this signer signed. */
export function needsNetwork(signer: Signer): boolean {
  if (signer.kind === 'identity') return signer.trustedRoot === undefined;
  return keyScheme(signer.publicKey)?.network === true;
}

/** The flags that name the signer. `emptyTrust` is a trusted root file that trusts no service. */
export function signerArgs(signer: Signer, emptyTrust: string): readonly string[] {
  if (signer.kind === 'key')
    return [
      '--key',
      keyAccess(signer.publicKey).ref,
      '--insecure-ignore-tlog',
      '--trusted-root',
      emptyTrust,
    ];
  return [
    ...namedArgs('--certificate-identity', signer.identity),
    ...namedArgs('--certificate-oidc-issuer', signer.issuer),
    ...(signer.trustedRoot === undefined ? [] : ['--trusted-root', signer.trustedRoot]),
  ];
}

/** Secrets of the signer's key, which are not for arguments. */
export function signerEnv(signer: Signer): Readonly<Record<string, string>> {
  return signer.kind === 'key' ? keyAccess(signer.publicKey).env : {};
}

function namedArgs(flag: string, named: Named): readonly string[] {
  return 'exact' in named ? [flag, named.exact] : [`${flag}-regexp`, named.pattern];
}

/** The signer for people. */
export function signerName(signer: Signer): string {
  if (signer.kind === 'key') return keyName(signer.publicKey);
  return `${text(signer.identity)} (${text(signer.issuer)})`;
}

function text(named: Named): string {
  return 'exact' in named ? named.exact : `/${named.pattern}/`;
}
