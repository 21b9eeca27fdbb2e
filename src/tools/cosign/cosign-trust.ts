import { writeFile } from 'node:fs/promises';

/**
 * A sigstore trusted root (protobuf-specs, sigstore_trustroot.proto) that trusts no service. With a
 * key none is needed, and without this file cosign asks the network for one.
 */
export const EMPTY_TRUSTED_ROOT =
  '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n';

/**
 * Variables by which the environment would choose whom cosign trusts (its pkg/cosign/env and
 * sigstore's TUF client): verifying leaves them aside. A root of one's own is named with
 * `--trusted-root`.
 */
export const TRUST_VARIABLES = [
  'SIGSTORE_ROOT_FILE',
  'SIGSTORE_REKOR_PUBLIC_KEY',
  'SIGSTORE_CT_LOG_PUBLIC_KEY_FILE',
  'SIGSTORE_TSA_CERTIFICATE_FILE',
  'TUF_ROOT',
  'TUF_MIRROR',
  'TUF_ROOT_JSON',
  'COSIGN_EXPERIMENTAL',
  'COSIGN_REPOSITORY',
] as const;

/** The environment of a cosign that verifies. */
export const VERIFY_ENV: Readonly<Record<string, undefined>> = Object.fromEntries(
  TRUST_VARIABLES.map((name) => [name, undefined]),
);

/** Writes the two files by which cosign signs with a key and asks no service. */
export async function writeOffline(
  withoutServices: string,
  files: { readonly config: string; readonly trust: string },
): Promise<void> {
  await writeFile(files.config, withoutServices, { flag: 'wx', mode: 0o600 });
  await writeFile(files.trust, EMPTY_TRUSTED_ROOT, { flag: 'wx', mode: 0o600 });
}
