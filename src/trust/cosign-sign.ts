// eslint-disable-next-line no-restricted-imports -- a pair of keys is made in a folder beside, then renamed together
import { chmod, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { toolFailure } from '../lib/run-result.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { CertificateIdentity } from '../model/signature-origin.ts';
import { bundleOrigin } from './bundle.ts';
import {
  CallFiles,
  cosignDialect,
  cosignUserError,
  EMPTY_TRUSTED_ROOT,
  runCosign,
} from './cosign.ts';
import { keyAccess, keyName } from './keys.ts';
import { keylessCall, keylessError, type Sigstore } from './sigstore.ts';

type SigningKey =
  { readonly kind: 'key'; readonly ref: string; readonly password?: string } | KeylessKey;

/** Fulcio's certificate for an OIDC token, logged in Rekor. */
export interface KeylessKey {
  readonly kind: 'keyless';
  readonly sigstore: Sigstore;
  readonly token: string;
  readonly issuer: string;
  readonly subject: string;
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
async function signingCall(
  run: RunTool,
  key: SigningKey,
  files: CallFiles,
  certificateOnly: boolean,
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

interface Signing {
  readonly key: SigningKey;
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/**
 * The sigstore bundle of an in-toto statement about a manifest, by its file and that of the
 * predicate. What it states is for the caller to check. With a key no network is used. Throws
 * UserError for what the user can fix (password, key, token), else ToolError.
 */
export function signStatement(
  run: RunTool,
  request: Signing & {
    readonly manifestPath: string;
    readonly predicateType: string;
    readonly predicatePath: string;
  },
): Promise<Uint8Array> {
  const { predicateType, predicatePath, manifestPath } = request;
  const about = ['--type', predicateType, '--predicate', predicatePath, manifestPath];
  return signedBundle(run, request, ['attest-blob'], () => about);
}

/** The sigstore bundle over plain bytes; keyless, it is logged. Throws like `signStatement`. */
export function signBlobBundle(
  run: RunTool,
  request: Signing & { readonly payload: Uint8Array },
  certificateOnly = false,
): Promise<Uint8Array> {
  return signedBundle(
    run,
    request,
    ['sign-blob'],
    async (files) => [await files.write('payload', request.payload)],
    certificateOnly,
  );
}

async function signedBundle(
  run: RunTool,
  { key, scratchDir, signal }: Signing,
  command: readonly string[],
  about: (files: CallFiles) => readonly string[] | Promise<readonly string[]>,
  certificateOnly = false,
): Promise<Uint8Array> {
  const files = new CallFiles(scratchDir);
  try {
    const { args, env, explain } = await signingCall(run, key, files, certificateOnly);
    const bundle = files.path('json');
    const result = await runCosign(
      run,
      [...command, '--yes', ...args, '--bundle', bundle, ...(await about(files))],
      { env, timeoutMs: 180_000, signal },
    );
    if (result.exitCode !== 0)
      throw explain(result.stderr) ?? toolFailure(result, 'cosign did not sign');
    return await readFile(bundle);
  } finally {
    await files.remove();
  }
}

/**
 * Has Fulcio make a certificate out, and gives whom it names: a trial of the token and of the
 * service. Nothing is logged in Rekor; the certificate itself is in the log of certificates. Throws
 * UserError that says what failed.
 */
export async function certificateFor(
  run: RunTool,
  key: KeylessKey,
  place: Pick<Signing, 'scratchDir' | 'signal'>,
): Promise<CertificateIdentity> {
  const payload = Buffer.from('scoville\n');
  const { identity } = bundleOrigin(await signBlobBundle(run, { payload, key, ...place }, true));
  if (identity !== undefined) return identity;
  throw new UserError(
    `Fulcio (${key.sigstore.services.fulcio}) made out a certificate that names nobody`,
  );
}

/**
 * Makes cosign.key and cosign.pub in `dir`, which is created and contains nothing else. The pair is
 * made beside it and renamed, so that it is there whole or not at all. The password goes through
 * the environment; '' means unencrypted. Private key 0600, folder 0700. False where the folder had
 * a pair already (another process was first), which is untouched.
 */
export async function generateKeyPair(
  run: RunTool,
  dir: string,
  password: string,
): Promise<boolean> {
  await makeFolders(dirname(dir), { mode: 0o700 });
  const beside = await mkdtemp(join(dirname(dir), `.${basename(dir)}-`));
  try {
    const env = { COSIGN_PASSWORD: password };
    const result = await runCosign(run, ['generate-key-pair'], { cwd: beside, env });
    if (result.exitCode !== 0) throw toolFailure(result, 'cosign made no key pair');
    await chmod(join(beside, 'cosign.key'), 0o600);
    await rename(beside, dir);
    return true;
  } catch (error) {
    // The folder is there and not empty.
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) return false;
    throw error;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

export async function publicKey(run: RunTool, keyRef: string, password?: string): Promise<string> {
  const { ref, env } = keyAccess(keyRef, password);
  const result = await runCosign(run, ['public-key', '--key', ref], { env });
  if (result.exitCode !== 0)
    throw (
      cosignUserError(result.stderr, keyRef) ??
      toolFailure(result, `the public key of ${keyName(keyRef)} cannot be had`)
    );
  const pem = /-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?/.exec(
    result.stdout,
  );
  if (pem === null) throw new UserError(`cosign gave no public key for ${keyName(keyRef)}`);
  return pem[0];
}
