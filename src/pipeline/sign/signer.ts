import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type OpenedKey, openCosignKey } from '../../attestations/cosign-key.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Settings } from '../../model/settings.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import { generateKeyPair } from '../../tools/cosign/cosign-keys.ts';
import { isKeyUri } from '../../tools/cosign/cosign-signer.ts';
import { requireTool } from '../../tools/version.ts';
import type { PipelineContext } from '../context.ts';

/** With what the image is signed. */
export type Signer =
  | {
      readonly kind: 'key';
      readonly ref: string;
      readonly password: string;
      /** A key file of cosign's own form, opened: signing is then a matter of microseconds. Without it cosign signs. */
      readonly opened?: OpenedKey;
    }
  | { readonly kind: 'keyless' };

/** Variables that say an OIDC token is at hand: GitHub Actions, GitLab and others by cosign's own name, Buildkite. */
export const OIDC_VARIABLES = [
  'ACTIONS_ID_TOKEN_REQUEST_URL',
  'SIGSTORE_ID_TOKEN',
  'BUILDKITE_AGENT_ACCESS_TOKEN',
];

/**
 * The configured key, else keyless where asked for or where an OIDC token is at hand, else a key of the user's own in the
 * configuration directory, made on first use and announced. Its password is COSIGN_PASSWORD, empty where that is not set.
 */
export async function resolveSigner(
  context: PipelineContext,
  sign: Settings['sign'],
): Promise<Signer> {
  const password = context.env['COSIGN_PASSWORD'] ?? '';
  if (sign.key !== undefined) {
    await refuseMissingFile(sign.key);
    return keySigner(context, sign.key, password);
  }
  if (sign.keyless || OIDC_VARIABLES.some((name) => (context.env[name] ?? '') !== '')) {
    await requireCosign(context, 'keyless signing');
    return { kind: 'keyless' };
  }
  const { folder, key: own } = ownKey(context);
  if (!(await isThere(own))) {
    const { created } = await generateKeyPair(context.run, folder, password);
    // Of several builds at once, one makes it.
    if (created)
      context.emit({
        kind: 'notice',
        text: `made a signing key of your own: ${own}; verify with ${publicKeyOf(own) ?? own}`,
      });
  }
  return keySigner(context, own, password);
}

/** Where a user's own key lies. */
function ownKey({ paths }: Pick<PipelineContext, 'paths'>): {
  readonly folder: string;
  readonly key: string;
} {
  const folder = join(paths.config, 'keys');
  return { folder, key: join(folder, 'cosign.key') };
}

/** Whether the user's own key was made already. */
export function hasOwnKey(context: Pick<PipelineContext, 'paths'>): Promise<boolean> {
  return isThere(ownKey(context).key);
}

/** What only cosign can sign with is told before the build, not after it. A key file needs none. */
async function requireCosign({ run }: PipelineContext, what: string): Promise<void> {
  await requireTool(run, 'cosign').catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${what} needs cosign: ${error.message}`, {
      nextStep: `${error.nextStep ?? ''}; or sign with a key file (--key FILE), or not at all (--no-sign)`,
      cause: error,
    });
  });
}

/** Opens the key file once for all that is signed in this run: each time it costs a fifth of a second of scrypt. */
async function keySigner(context: PipelineContext, ref: string, password: string): Promise<Signer> {
  const signer = { kind: 'key', ref, password } as const;
  if (isKeyUri(ref)) {
    await requireCosign(context, 'a key behind a URI');
    return signer;
  }
  const path = resolve(context.cwd, ref);
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    throw new UserError(`the signing key ${ref} cannot be read: ${messageOf(error)}`);
  });
  const opened = await openCosignKey(text, password);
  if (opened.ok) {
    await refuseForeignPublicKey(path, opened.value);
    return { ...signer, opened: opened.value };
  }
  if (opened.error === 'other') return signer;
  throw new UserError(
    context.env['COSIGN_PASSWORD'] === undefined
      ? `the signing key ${ref} is encrypted, and no password was given`
      : `wrong password for the signing key ${ref}`,
    { nextStep: 'set COSIGN_PASSWORD to the password of the key' },
  );
}

/** Whoever verifies takes the public key beside the private one: another's there would make every signature worthless. */
async function refuseForeignPublicKey(path: string, key: OpenedKey): Promise<void> {
  const beside = publicKeyOf(path) ?? '';
  const pem = await readFile(beside, 'utf8').catch(() => undefined);
  if (pem === undefined || pem === '' || isSameKey(pem, key)) return;
  throw new UserError(`${beside} is not the public half of ${path}`, {
    nextStep: `write it again: cosign public-key --key ${path} > ${beside}`,
  });
}

function isSameKey(pem: string, key: OpenedKey): boolean {
  try {
    const found = createPublicKey(pem).export({ format: 'der', type: 'spki' });
    return key.publicKey.equals(found);
  } catch {
    return false;
  }
}

/** The public key beside a private one that cosign made; undefined for a KMS or PKCS#11 URI. */
export function publicKeyOf(keyRef: string): string | undefined {
  return isKeyUri(keyRef) ? undefined : keyRef.replace(/\.key$/, '') + '.pub';
}

/** Throws UserError where a key file that was named is not there: better before a long build than after. */
export async function refuseMissingFile(ref: string): Promise<void> {
  if (isKeyUri(ref) || (await isThere(ref))) return;
  throw new UserError(`signing key ${ref}: no such file`, {
    nextStep: 'name another with --key, or make one: cosign generate-key-pair',
  });
}
