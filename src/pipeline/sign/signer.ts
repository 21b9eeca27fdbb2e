import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openCosignKey } from '../../attestations/cosign-key.ts';
import { type OpenedKey, openPemKey } from '../../attestations/opened-key.ts';
import { digestOf } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Settings } from '../../model/settings.ts';
import { shellWord } from '../../model/shell-word.ts';
import { isThere, makeFolder } from '../../oci/blobs/disk.ts';
import { openCache } from '../../oci/layout/caches.ts';
import { whileAlone } from '../../oci/layout/owner.ts';
import { PasswordNeeded } from '../../tools/cosign/cosign-errors.ts';
import { generateKeyPair, publicKey } from '../../tools/cosign/cosign-keys.ts';
import { signBlobBundle } from '../../tools/cosign/cosign-sign.ts';
import { isKeyUri, keyName } from '../../tools/cosign/key-uri.ts';
import { tokenVariable } from '../../tools/oidc/ambient-token.ts';
import { requireTool } from '../../tools/version.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { type KeylessSession } from './keyless-session.ts';
import { keylessSession } from './keyless-signer.ts';

/** With what the image is signed. */
export type Signer =
  | {
      readonly kind: 'key';
      readonly ref: string;
      readonly password: string;
      /** Its public half, in PEM form. */
      readonly publicKey: string;
      /** Opens a key file, once; signing then takes microseconds. Without it, cosign signs. */
      readonly opened?: () => Promise<OpenedKey>;
    }
  | { readonly kind: 'keyless'; readonly session: KeylessSession };

/**
 * The configured key, else keyless where asked for or where an OIDC token is at hand, else a key of
 * the user's own in the configuration directory, made on first use and announced. Its password is
 * COSIGN_PASSWORD, empty where that is not set.
 */
export async function resolveSigner(
  context: PipelineContext,
  sign: Settings['sign'],
): Promise<Signer> {
  const password = context.env['COSIGN_PASSWORD'] ?? '';
  await requireKey(sign);
  if (sign.key !== undefined) return keySigner(context, sign.key, password);
  if (sign.keyless || tokenVariable(context.env) !== undefined) {
    await requireCosign(context, 'keyless signing');
    return { kind: 'keyless', session: await keylessSession(context, sign) };
  }
  const { folder, key: own } = ownKey(context);
  if (!(await isThere(own))) {
    // Of several builds at once, one makes it: ten cosigns took longer than each of them may.
    await makeFolder(context.paths.config);
    const created = await whileAlone(
      `${folder}.lock`,
      context.signal,
      async () => !(await isThere(own)) && generateKeyPair(context.run, folder, password),
    );
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

export function hasOwnKey(context: Pick<PipelineContext, 'paths'>): Promise<boolean> {
  return isThere(ownKey(context).key);
}

/** What only cosign can sign with fails before the build, not after it. A key file needs none. */
async function requireCosign({ run }: PipelineContext, what: string): Promise<void> {
  await requireTool(run, 'cosign').catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${what} needs cosign: ${error.message}`, {
      nextStep: `${error.nextStep ?? ''}; or sign with a key file (--key FILE), or not at all (--no-sign)`,
      cause: error,
    });
  });
}

/**
 * The signer of a key file. Opening one of cosign's costs a fifth of a second of scrypt. Where an
 * earlier run opened this very file without a password, its public half is known, and it is opened
 * when something is signed. With a password it is opened each time: nothing is kept that helps to
 * guess it.
 */
async function keySigner(context: PipelineContext, ref: string, password: string): Promise<Signer> {
  if (isKeyUri(ref)) return triedSigner(context, ref, password);
  const path = resolve(context.cwd, ref);
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    throw new UserError(`the signing key ${ref} cannot be read: ${messageOf(error)}`);
  });
  const open = await openToOthers(path);
  if (open?.isRefused === true) throw writableKey(open);
  if (open !== undefined) context.emit({ kind: 'warning', text: open.what, nextStep: open.fix });
  const pem = openPemKey(text, password);
  const isPem = pem.ok || pem.error !== 'other';
  const halves = openCache(context, 'public-halves', 1);
  const known = isPem || password !== '' ? undefined : await halves.get(digestOf(text));
  if (typeof known === 'string') {
    await refuseForeignPublicKey(path, known);
    const opened = once(() => openKnown(ref, text, known));
    return { kind: 'key', ref, password, publicKey: known, opened };
  }
  const opened = isPem ? pem : await openCosignKey(text, password);
  if (opened.ok) {
    const half = pemOf(opened.value);
    await refuseForeignPublicKey(path, half);
    if (!isPem && password === '') await halves.set(digestOf(text), half);
    return { kind: 'key', ref, password, publicKey: half, opened: once(() => opened.value) };
  }
  if (opened.error === 'other') return triedSigner(context, ref, password);
  if (opened.error === 'unsupported')
    throw new UserError(`the signing key ${ref} is of a kind that cosign does not verify`, {
      nextStep:
        'use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of at least 2048 bits: cosign generate-key-pair makes one',
    });
  throw new PasswordNeeded(ref, context.env['COSIGN_PASSWORD'] !== undefined);
}

function once(open: () => OpenedKey | Promise<OpenedKey>): () => Promise<OpenedKey> {
  let opened: Promise<OpenedKey> | undefined;
  return () => (opened ??= Promise.resolve(open()));
}

async function openKnown(ref: string, text: string, half: string): Promise<OpenedKey> {
  const opened = await openCosignKey(text, '');
  if (opened.ok && pemOf(opened.value) === half) return opened.value;
  throw new UserError(`the cache has another public half of ${ref}`, {
    nextStep: 'scoville prune --all, then build again',
  });
}

export interface OpenKey {
  readonly what: string;
  /** A command. */
  readonly fix: string;
  /** They may write it: what it signs with may be theirs. */
  readonly isRefused: boolean;
}

/** Undefined where the mode keeps others out, and for pipes, which do not have other users. */
export async function openToOthers(path: string): Promise<OpenKey | undefined> {
  const found = await stat(path).catch(() => undefined);
  // Windows has no such modes; Node.js makes them up.
  if (found?.isFile() !== true || process.platform === 'win32') return undefined;
  if ((found.mode & 0o077) === 0) return undefined;
  const isRefused = (found.mode & 0o022) !== 0;
  return {
    what: `the signing key ${path} can be ${isRefused ? 'written' : 'read'} by other users`,
    fix: `chmod 600 ${shellWord(path)}`,
    isRefused,
  };
}

function writableKey({ what, fix }: OpenKey): UserError {
  return new UserError(`${what}: nothing is signed with it`, { nextStep: fix });
}

/** A key that only cosign can use, after a test signature: failing early spares a long build. */
async function triedSigner(
  context: PipelineContext,
  ref: string,
  password: string,
): Promise<Signer> {
  await requireCosign(context, isKeyUri(ref) ? 'a key behind a URI' : `the key ${ref}`);
  const { run, signal } = context;
  const pem = await publicKey(run, ref, password);
  if (!isKeyUri(ref)) await refuseForeignPublicKey(resolve(context.cwd, ref), pem);
  return inTemporaryFolder('sign', async (scratchDir) => {
    const payload = Buffer.from('scoville\n');
    const key = { kind: 'key', ref, password } as const;
    await signBlobBundle(run, { payload, key, scratchDir, signal });
    return { ...key, publicKey: pem };
  });
}

function pemOf({ publicKey: key }: OpenedKey): string {
  const made = createPublicKey({ key, format: 'der', type: 'spki' });
  return made.export({ format: 'pem', type: 'spki' }).toString();
}

/** Verifiers use the public key beside the private one: a wrong one makes signatures worthless. */
async function refuseForeignPublicKey(path: string, key: string): Promise<void> {
  const beside = publicKeyOf(path) ?? '';
  const pem = await readFile(beside, 'utf8').catch(() => undefined);
  if (pem === undefined || pem === '' || isSameKey(pem, key)) return;
  throw new UserError(`${beside} is not the public half of ${path}`, {
    nextStep: `write it again: openssl pkey -in ${path} -pubout -out ${beside}, or cosign public-key --key ${path} > ${beside}`,
  });
}

function isSameKey(one: string, other: string): boolean {
  const bytes = (pem: string): Buffer =>
    createPublicKey(pem).export({ format: 'der', type: 'spki' });
  try {
    return bytes(one).equals(bytes(other));
  } catch {
    return false;
  }
}

/** What verifies this key's signatures, for reports: the file beside a key file, or its name. */
export function verifierName({ ref }: Extract<Signer, { kind: 'key' }>): string {
  return publicKeyOf(ref) ?? keyName(ref);
}

/** The public key beside a private one, by cosign's naming; undefined for a KMS or PKCS#11 URI. */
export function publicKeyOf(keyRef: string): string | undefined {
  return isKeyUri(keyRef) ? undefined : keyRef.replace(/\.(?:key|pem)$/, '') + '.pub';
}

/**
 * Throws UserError if the named key file does not exist, if others may write it, or if a project's
 * file named a key that it may not name: better before a long build than after.
 */
export async function requireKey({
  key: ref,
  keyless,
  refusedKey,
}: Settings['sign']): Promise<void> {
  if (ref === undefined && !keyless && refusedKey !== undefined)
    throw new UserError(
      `${refusedKey}: sign.key is not a file of the project, so only you can name that key`,
      { nextStep: 'name it with --key, or as sign.key in your own config.yaml' },
    );
  if (ref === undefined || isKeyUri(ref)) return;
  const open = await openToOthers(ref);
  if (open?.isRefused === true) throw writableKey(open);
  if (await isThere(ref)) return;
  throw new UserError(`signing key ${ref}: no such file`, {
    nextStep: 'name another with --key, or make one: cosign generate-key-pair',
  });
}
