// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours; a pair of keys is made in a folder beside, then renamed together
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openCache } from '../image/caches.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { errorCode, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { once } from '../lib/parallel.ts';
import { completed, type Completed, toolFailure } from '../lib/run-result.ts';
import { findCommand, type RunTool, type ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import { howToInstall, missingTool } from '../lib/tool-names.ts';
import { commandSearch, type PipelineContext } from '../model/context.ts';
import { digestOf } from '../model/reference.ts';
import { isKeyUri, keyAccess, keyName } from './keys.ts';

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

/** A folder for the files of one call. */
export interface CallFolder {
  readonly path: string;
  readonly write: (name: string, content: string | Uint8Array) => Promise<string>;
}

export function inCallFolder<T>(call: (folder: CallFolder) => Promise<T>): Promise<T> {
  return inTemporaryFolder('cosign', (path) =>
    call({
      path,
      write: async (name, content) => {
        const file = join(path, `cosign.${name}`);
        await writeFile(file, content, { flag: 'wx', mode: 0o600 });
        return file;
      },
    }),
  );
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
  if (found === undefined) throw missingTool('cosign', 'or build unsigned: --sign=false');
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

interface KeyRef {
  readonly kind: 'key';
  readonly ref: string;
  readonly password?: string;
}

/** How a call signs: with a key it uses no network. */
interface SigningCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** An error that the user can fix, by what cosign said; undefined for any other. */
  readonly explain: (stderr: string) => UserError | undefined;
}

/** Makes the call of one signature, whose files go into the folder. */
export type CosignKey = KeyRef | ((run: RunTool, folder: CallFolder) => Promise<SigningCall>);

/**
 * The sigstore bundle of an in-toto statement about a manifest, by its file. What it states is for
 * the caller to check. Throws UserError for what the user can fix (password, key, token), else
 * ToolError.
 */
export function signStatement(
  run: RunTool,
  key: CosignKey,
  statement: {
    readonly manifestPath: string;
    readonly predicateType: string;
    readonly predicate: unknown;
  },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { predicateType, predicate, manifestPath } = statement;
  return signedBundle(run, key, signal, async ({ write }) => [
    ...['attest-blob', '--type', predicateType],
    ...['--predicate', await write('predicate.json', JSON.stringify(predicate)), manifestPath],
  ]);
}

/** The sigstore bundle over plain bytes; keyless, it is logged. Throws like `signStatement`. */
export function signPayload(
  run: RunTool,
  key: CosignKey,
  payload: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return signedBundle(run, key, signal, async ({ write }) => [
    'sign-blob',
    await write('payload', payload),
  ]);
}

function signedBundle(
  run: RunTool,
  key: CosignKey,
  signal: AbortSignal | undefined,
  about: (folder: CallFolder) => Promise<readonly string[]>,
): Promise<Uint8Array> {
  return inCallFolder(async (folder) => {
    const { kind } = await cosignDialect(run);
    const call = await (typeof key === 'function' ? key(run, folder) : callByKey(run, key, folder));
    const bundle = join(folder.path, 'cosign.json');
    const [command = '', ...rest] = await about(folder);
    const form = [...(kind === 'flags' ? ['--new-bundle-format'] : []), '--bundle', bundle];
    const { env } = call;
    const args = [command, '--yes', ...call.args, ...form, ...rest];
    const result = await runCosign(run, args, { env, timeoutMs: 180_000, signal });
    if (result.exitCode !== 0)
      throw call.explain(result.stderr) ?? toolFailure(result, 'cosign did not sign');
    return readFile(bundle);
  });
}

async function callByKey(
  run: RunTool,
  { ref: given, password }: KeyRef,
  { write }: CallFolder,
): Promise<SigningCall> {
  const dialect = await cosignDialect(run);
  const { ref, env } = keyAccess(given, password);
  const offline =
    dialect.kind === 'flags'
      ? ['--tlog-upload=false']
      : [
          ...['--signing-config', await write('config', dialect.withoutServices)],
          ...['--trusted-root', await write('trust', EMPTY_TRUSTED_ROOT)],
        ];
  const explain = (stderr: string): UserError | undefined => cosignUserError(stderr, given);
  return { args: ['--key', ref, ...offline], env, explain };
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
