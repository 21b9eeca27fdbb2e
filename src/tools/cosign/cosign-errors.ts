import { cleanText } from '../../model/clean-text.ts';
import { UserError } from '../../model/errors.ts';
import type { RunTool, ToolRun } from '../../model/run.ts';
import { completed, type Completed } from '../completed-run.ts';
import { toolFailure } from '../tool-failure.ts';
import { isKeyUri, keyName } from './key-uri.ts';

/** A key is encrypted and its password is missing or wrong; a terminal can ask for it. */
export class PasswordNeeded extends UserError {
  /** The question, without its mark. */
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
  if (isKeyUri(key))
    return new UserError(`${named} cannot be used: ${keyName(said)}`, {
      nextStep: nextFor(key, said),
      cause,
    });
  return undefined;
}

/** A scheme that cosign does not know, and without the plugin that would. */
const NO_PLUGIN = /unrecognized scheme|executable file not found/i;

function nextFor(key: string, said: string): string {
  const scheme = key.slice(0, key.indexOf(':'));
  return NO_PLUGIN.test(said)
    ? `install its plugin, sigstore-kms-${scheme}, on PATH, or sign with a key file (--key FILE)`
    : 'check its address, its type and the credentials for it, or sign with a key file (--key FILE)';
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

/** A call that signs, and what the user can fix about one that failed. */
interface Signing extends Pick<ToolRun, 'args' | 'env'> {
  readonly explain: (stderr: string) => UserError | undefined;
}

/** Signs. Throws UserError for what the user can fix (password, key, token), else ToolError. */
export async function runSigning(
  run: RunTool,
  { args, env = {}, explain }: Signing,
  signal: AbortSignal | undefined,
): Promise<Completed> {
  const result = await completed(run, 'cosign', {
    command: 'cosign',
    args,
    env,
    timeoutMs: 180_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode !== 0)
    throw explain(result.stderr) ?? toolFailure(result, 'cosign did not sign');
  return result;
}
