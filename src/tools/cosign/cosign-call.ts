import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { type CosignDialect, cosignDialect } from './cosign-dialect.ts';
import { cosignUserError } from './cosign-errors.ts';
import { writeOffline } from './cosign-trust.ts';
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
  readonly dialect: CosignDialect['kind'];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** An error that the user can fix, by what cosign said; undefined for any other. */
  readonly explain: (stderr: string) => UserError | undefined;
  /** Where cosign writes the bundle. */
  readonly bundle: string;
  readonly remove: () => Promise<void>;
}

interface CallPlace {
  /** An existing folder for the files of this call. */
  readonly scratchDir: string;
  /** Keyless: a certificate alone, nothing is logged. */
  readonly certificateOnly?: boolean;
}

/** Prepares a signing call. With a key it uses no network. The caller removes its files. */
export async function signingCall(
  run: RunTool,
  key: SigningKey,
  { scratchDir, certificateOnly = false }: CallPlace,
): Promise<SigningCall> {
  const dialect = await cosignDialect(run);
  const name = join(scratchDir, `cosign-${randomUUID()}`);
  const bundle = `${name}.json`;
  const format = dialect.kind === 'flags' ? ['--new-bundle-format'] : [];
  if (key.kind === 'keyless') {
    const { sigstore, token, tufRoot, now } = key;
    const purpose = certificateOnly ? 'certificate' : 'sign';
    const call = await keylessCall(sigstore, { token, purpose, scratchDir, tufRoot });
    const { services } = sigstore;
    return {
      dialect: dialect.kind,
      args: [...call.args, ...format],
      env: call.env,
      explain: (said) => keylessError(said, { ...key, services, certificateOnly, now: now() }),
      bundle,
      remove: async () => {
        await Promise.all([call.remove(), rm(bundle, { force: true })]);
      },
    };
  }
  const access = keyAccess(key.ref, key.password);
  const files = { config: `${name}.config`, trust: `${name}.trust` };
  if (dialect.kind === 'signing-config') await writeOffline(dialect.withoutServices, files);
  const offline =
    dialect.kind === 'flags'
      ? ['--tlog-upload=false']
      : ['--signing-config', files.config, '--trusted-root', files.trust];
  return {
    dialect: dialect.kind,
    args: ['--key', access.ref, ...offline, ...format],
    env: access.env,
    explain: (stderr) => cosignUserError(stderr, key.ref),
    bundle,
    remove: async () => {
      const all = [bundle, files.config, files.trust];
      await Promise.all(all.map((file) => rm(file, { force: true })));
    },
  };
}
