import { randomUUID } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCache } from '../image/caches.ts';
import { UserError } from '../lib/errors.ts';
import { once } from '../lib/parallel.ts';
import { completed, type Completed, toolFailure } from '../lib/run-result.ts';
import { findCommand, type RunTool, type ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import { howToInstall, missingTool } from '../lib/tool-names.ts';
import { commandSearch, type PipelineContext } from '../model/context.ts';
import { digestOf } from '../model/reference.ts';
import { isKeyUri, keyName } from './keys.ts';

/**
 * How this cosign wants to be asked. Known by its flags, since distributions build it without a
 * version number. `flags`: 2.4 to 2.5, `--new-bundle-format --tlog-upload=false`. `signing-config`:
 * from 2.6, a file without services.
 */
type CosignDialect =
  | { readonly kind: 'flags' }
  | { readonly kind: 'signing-config'; readonly withoutServices: string };

export function runCosign(
  run: RunTool,
  args: readonly string[],
  more: Omit<Partial<ToolRun>, 'command' | 'args' | 'signal'> & {
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Completed> {
  const { signal, ...rest } = more;
  const what = { command: 'cosign', args, timeoutMs: 60_000, ...rest };
  return completed(run, 'cosign', signal === undefined ? what : { ...what, signal });
}

/** Asked once per runner. Throws UserError if cosign is missing or too old for sigstore bundles. */
export const cosignDialect = once(async (run: RunTool): Promise<CosignDialect> => {
  const { stdout, stderr } = await runCosign(run, ['attest-blob', '--help']);
  const help = stdout + stderr;
  if (help.includes('--signing-config')) {
    const config = await runCosign(run, ['signing-config', 'create']);
    if (config.exitCode !== 0) throw toolFailure(config, 'cosign made no signing config');
    return { kind: 'signing-config', withoutServices: config.stdout };
  }
  if (help.includes('--new-bundle-format')) return { kind: 'flags' };
  throw new UserError('this cosign is too old: it cannot write sigstore bundles', {
    nextStep: howToInstall('cosign'),
  });
});

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

export const VERIFY_ENV: Readonly<Record<string, undefined>> = Object.fromEntries(
  TRUST_VARIABLES.map((name) => [name, undefined]),
);

/** The files of one call of cosign, in an existing folder; the caller removes them together. */
export class CallFiles {
  readonly #name: string;
  readonly #paths: string[] = [];

  constructor(folder: string) {
    this.#name = join(folder, `cosign-${randomUUID()}`);
  }

  /** A path that nothing is at. */
  path(suffix: string): string {
    const path = `${this.#name}.${suffix}`;
    this.#paths.push(path);
    return path;
  }

  async write(suffix: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(suffix);
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return path;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#paths.map((path) => rm(path, { recursive: true, force: true })));
  }
}

/** A key is encrypted and its password is missing or wrong; a terminal can ask for it. */
export class PasswordNeeded extends UserError {
  readonly question: string;

  constructor(ref: string, isWrong: boolean, cause?: unknown) {
    const key = `the signing key ${keyName(ref)}`;
    super(
      isWrong ? `wrong password for ${key}` : `${key} is encrypted, and no password was given`,
      { nextStep: 'set COSIGN_PASSWORD to the password of the key', cause },
    );
    this.question = `${isWrong ? 'Wrong password. ' : ''}Password of ${key}`;
  }
}

/** Cosign's reason for a failure: its `Error:` line, without the copy and warnings around it. */
export function cosignSaid(stderr: string): string {
  const lines = cleanText(stderr).trim().split('\n');
  const error = lines.find((line) => line.includes('Error: '));
  return error?.slice(error.indexOf('Error: ') + 'Error: '.length) ?? lines.at(-1) ?? '';
}

/** A failure to sign with a key that the user can fix, from cosign's stderr; else undefined. */
export function cosignUserError(stderr: string, key: string): UserError | undefined {
  const said = cosignSaid(stderr);
  const named = `the signing key ${keyName(key)}`;
  const cause = new Error(said);
  if (/decryption failed|incorrect password/i.test(said))
    return new PasswordNeeded(key, true, cause);
  if (/inappropriate ioctl|reading key.{0,900}(?:EOF|terminal)|Enter password/i.test(said))
    return new PasswordNeeded(key, false, cause);
  if (/(?:reading key: |^)open .{0,900}: (?:no such file|permission denied)/i.test(said))
    return new UserError(`${named} cannot be read`, {
      nextStep: 'name an existing key, or make one: cosign generate-key-pair',
      cause,
    });
  if (/pkcs11 token key: unimplemented/i.test(said))
    return new UserError('this cosign was built without PKCS#11', {
      nextStep:
        'install a cosign that has it (its release named pivkey-pkcs11key), or sign with a key file',
      cause,
    });
  if (!isKeyUri(key)) return undefined;
  const hasNoPlugin = /unrecognized scheme|executable file not found/i.test(said);
  const fix = hasNoPlugin
    ? `install its plugin, sigstore-kms-${key.slice(0, key.indexOf(':'))}, on PATH`
    : 'check its address, its type and the credentials for it';
  return new UserError(`${named} cannot be used: ${keyName(said)}`, {
    nextStep: `${fix}, or sign with a key file (--key FILE)`,
    cause,
  });
}

/** Why a verification failed: signature or statement are bad, or they could not be checked. */
export function verificationFailure(stderr: string): 'failed' | 'unknown' {
  const said = cosignSaid(stderr);
  // An entry of a log in a form that bundles do not know says nothing against the signature.
  if (/unsupported entry type/i.test(said)) return 'unknown';
  const bad =
    /could not verify envelope|do(?:es)? not match|invalid (?:predicate|signature)|none of the expected identities|no matching|failed to verify (?:signature|certificate|log inclusion|timestamp)/i;
  return bad.test(said) ? 'failed' : 'unknown';
}

const SCHEMA = 1;

/** Throws UserError where cosign is not installed: better before a long build than after. */
export function requireCosign(context: PipelineContext): string {
  const found = findCommand('cosign', commandSearch(context));
  if (found === undefined) throw missingTool('cosign');
  return found;
}

/**
 * Whether this cosign verified a bundle that this release made with the key (PEM). A signature of
 * this process is worth what an independent verifier says of it, and that costs what a signature
 * does. A cosign that was installed again is asked again.
 */
export async function proofByCosign(
  context: PipelineContext,
  publicKey: string,
): Promise<{ readonly isProven: boolean; readonly keep: () => Promise<void> }> {
  const cosign = requireCosign(context);
  const { size, mtimeMs } = await stat(cosign);
  const name = JSON.stringify([digestOf(publicKey), context.version, cosign, size, mtimeMs]);
  const proofs = openCache(context, 'proofs', SCHEMA);
  return { isProven: (await proofs.get(name)) === true, keep: () => proofs.set(name, true) };
}
