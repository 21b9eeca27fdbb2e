import type { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { cosignDialect } from './cosign-dialect.ts';
import { cosignUserError } from './cosign-errors.ts';
import { type CallFiles, EMPTY_TRUSTED_ROOT } from './cosign-trust.ts';
import { keyAccess } from './key-uri.ts';
import { keylessError } from './keyless-errors.ts';
import { keylessCall, type Sigstore } from './sigstore.ts';

/** The key that cosign signs with. Without a password, cosign takes it from COSIGN_PASSWORD. */
export type SigningKey =
  { readonly kind: 'key'; readonly ref: string; readonly password?: string } | KeylessKey;

/** Fulcio's certificate for an OIDC token, logged in Rekor. */
export interface KeylessKey {
  readonly kind: 'keyless';
  readonly sigstore: Sigstore;
  readonly token: string;
  /** Whom the token names, for errors. */
  readonly issuer: string;
  readonly subject: string;
  /** The user's TUF cache. */
  readonly tufRoot: string;
  readonly now: () => number;
}

interface SigningCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** An error that the user can fix, by what cosign said; undefined for any other. */
  readonly explain: (stderr: string) => UserError | undefined;
}

/**
 * What is the same in every call that signs. With a key it uses no network. Keyless, nothing is
 * logged where a certificate alone is asked for.
 */
export async function signingCall(
  run: RunTool,
  key: SigningKey,
  files: CallFiles,
  certificateOnly = false,
): Promise<SigningCall> {
  const dialect = await cosignDialect(run);
  const format = dialect.kind === 'flags' ? ['--new-bundle-format'] : [];
  if (key.kind === 'keyless') {
    const { sigstore, now } = key;
    const call = await keylessCall(sigstore, { ...key, certificateOnly, files });
    const { services } = sigstore;
    return {
      args: [...call.args, ...format],
      env: call.env,
      explain: (said) => keylessError(said, { ...key, services, certificateOnly, now: now() }),
    };
  }
  const { ref, env } = keyAccess(key.ref, key.password);
  const offline =
    dialect.kind === 'flags'
      ? ['--tlog-upload=false']
      : [
          ...['--signing-config', await files.write('config', dialect.withoutServices)],
          ...['--trusted-root', await files.write('trust', EMPTY_TRUSTED_ROOT)],
        ];
  const args = ['--key', ref, ...offline, ...format];
  return { args, env, explain: (stderr) => cosignUserError(stderr, key.ref) };
}
