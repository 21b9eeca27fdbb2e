import { readFile } from 'node:fs/promises';
import { UserError } from '../lib/errors.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { CertificateIdentity } from '../model/signature-origin.ts';
import { bundleOrigin } from './bundle.ts';
import {
  CallFiles,
  cosignDialect,
  cosignUserError,
  EMPTY_TRUSTED_ROOT,
  runSigning,
} from './cosign.ts';
import { keyAccess } from './keys.ts';
import { keylessCall, keylessError, type Sigstore } from './sigstore.ts';

type SigningKey =
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
async function signingCall(
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

interface Signing {
  readonly key: SigningKey;
  /** An existing folder for the files of this call, which are removed. */
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
  return bundleOf(run, request, 'attest-blob', () => about);
}

/** The sigstore bundle over plain bytes; keyless, it is logged. Throws like `signStatement`. */
export function signBlobBundle(
  run: RunTool,
  request: Signing & { readonly payload: Uint8Array },
  certificateOnly = false,
): Promise<Uint8Array> {
  const about = async (files: CallFiles): Promise<readonly string[]> => [
    await files.write('payload', request.payload),
  ];
  return bundleOf(run, { ...request, certificateOnly }, 'sign-blob', about);
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

async function bundleOf(
  run: RunTool,
  request: Signing & { readonly certificateOnly?: boolean },
  command: string,
  about: (files: CallFiles) => readonly string[] | Promise<readonly string[]>,
): Promise<Uint8Array> {
  const files = new CallFiles(request.scratchDir);
  try {
    const call = await signingCall(run, request.key, files, request.certificateOnly);
    const bundle = files.path('json');
    const args = [command, '--yes', ...call.args, '--bundle', bundle, ...(await about(files))];
    await runSigning(run, { ...call, args }, request.signal);
    return await readFile(bundle);
  } finally {
    await files.remove();
  }
}
