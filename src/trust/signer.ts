import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ParsedBuild } from '../build/command-line.ts';
import { isAddress } from '../build/shown-command.ts';
import { settingsOf } from '../config/find-settings.ts';
import { forgetFile, writeFileBeside } from '../config/project-files.ts';
import { openCache } from '../image/caches.ts';
import { isThere, makeFolder } from '../image/disk.ts';
import { whileAlone } from '../image/owner.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { parseJson, textField } from '../lib/json.ts';
import { requireTool } from '../lib/tool-versions.ts';
import type { PipelineContext } from '../model/context.ts';
import { shellWord } from '../model/dockerfile.ts';
import { digestOf } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { generateKeyPair, PasswordNeeded, publicKey, signPayload } from './cosign.ts';
import type { KeylessSession } from './keyless.ts';
import {
  isKeyUri,
  keyName,
  openCosignKey,
  type OpenedKey,
  openPemKey,
  publicKeyIn,
} from './keys.ts';
import { tokenVariable } from './oidc.ts';

export type Signer =
  | {
      readonly kind: 'key';
      readonly ref: string;
      readonly password: string;
      readonly publicKey: string;
      /** Opens a key file, once; signing then takes microseconds. Without it, cosign signs. */
      readonly opened?: () => Promise<OpenedKey>;
    }
  | { readonly kind: 'keyless'; readonly session: KeylessSession };

/**
 * The configured key. Else keyless, where asked for or where the environment has an OIDC token.
 * Else a key of the user's own in the configuration directory, made on first use and announced. Its
 * password is COSIGN_PASSWORD, empty where that is not set.
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
    const { keylessSession } = await import('./keyless.ts');
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

function ownKey({ paths }: Where): { readonly folder: string; readonly key: string } {
  const folder = join(paths.config, 'keys');
  return { folder, key: join(folder, 'cosign.key') };
}

/** What only cosign can sign with fails before the build, not after it. A key file needs none. */
async function requireCosign({ run }: PipelineContext, what: string): Promise<void> {
  await requireTool(run, 'cosign').catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${what} needs cosign: ${error.message}`, {
      nextStep: `${error.nextStep ?? ''}; or sign with a key file (--key FILE); or build unsigned: --sign=false`,
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
  const open = await refuseWritable(path);
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

/** Undefined where the mode keeps others out, and for pipes, which do not have other users. */
export async function openToOthers(path: string) {
  const found = await stat(path).catch(() => undefined);
  // Windows has no such modes; Node.js makes them up.
  if (found?.isFile() !== true || process.platform === 'win32') return undefined;
  if ((found.mode & 0o077) === 0) return undefined;
  // What it signs with may be theirs.
  const isRefused = (found.mode & 0o022) !== 0;
  const what = `the signing key ${path} can be ${isRefused ? 'written' : 'read'} by other users`;
  return { what, fix: `chmod 600 ${shellWord(path)}`, isRefused };
}

/** Throws UserError where others may write the key; where they may read it, says how they may. */
async function refuseWritable(path: string): ReturnType<typeof openToOthers> {
  const open = await openToOthers(path);
  if (open?.isRefused !== true) return open;
  throw new UserError(`${open.what}: nothing is signed with it`, { nextStep: open.fix });
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
  const key = { kind: 'key', ref, password } as const;
  await signPayload(run, key, Buffer.from('scoville\n'), signal);
  return { ...key, publicKey: pem };
}

function pemOf({ publicKey: key }: OpenedKey): string {
  const made = createPublicKey({ key, format: 'der', type: 'spki' });
  return made.export({ format: 'pem', type: 'spki' }).toString();
}

/** Verifiers use the public key beside the private one: a wrong one makes signatures worthless. */
async function refuseForeignPublicKey(path: string, key: string): Promise<void> {
  const beside = publicKeyOf(path) ?? '';
  const pem = await readFile(beside, 'utf8').catch(() => '');
  const there = publicKeyIn(pem);
  if (pem === '' || there?.equals(createPublicKey(key)) === true) return;
  throw new UserError(`${beside} is not the public half of ${path}`, {
    nextStep: `write it again: openssl pkey -in ${path} -pubout -out ${beside}, or cosign public-key --key ${path} > ${beside}`,
  });
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
 * file named a key that it may not name. Before a long build is better than after.
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
  await refuseWritable(ref);
  if (await isThere(ref)) return;
  throw new UserError(`signing key ${ref}: no such file`, {
    nextStep: 'name another with --key, or make one: cosign generate-key-pair',
  });
}

/** How a person wants images signed where nothing else says so. */
export type SigningChoice =
  | { readonly with: 'own-key' }
  | { readonly with: 'keyless' }
  /** A file by its absolute path, or a URI. */
  | { readonly with: 'key'; readonly key: string }
  | { readonly with: 'nothing' };

type Where = Pick<PipelineContext, 'paths'>;

export function signingFile({ paths }: Where): string {
  return join(paths.config, 'signing.json');
}

/**
 * What a build would be signed with by the person's own choice: the answer that was kept. `open`
 * where none was given and the first key would be made. Undefined where flags, settings, a CI
 * identity or an existing key decide.
 */
export async function signingChoice(
  context: PipelineContext,
  parsed: ParsedBuild,
): Promise<SigningChoice | 'open' | undefined> {
  const { own } = parsed;
  const given = own.sign !== undefined || own.key !== undefined || own.keyless !== undefined;
  if (given || own.dryRun || parsed.output.kind !== 'image') return undefined;
  if (tokenVariable(context.env) !== undefined) return undefined;
  const kept = await keptChoice(context);
  // Settings are the build's to read; where a key is there they change nothing here.
  if (kept === undefined && (await isThere(ownKey(context).key))) return undefined;
  const sign = await signSettings(context, parsed);
  if (sign === undefined || !sign.enabled || sign.keyless) return undefined;
  if (sign.key !== undefined || sign.refusedKey !== undefined) return undefined;
  return kept ?? 'open';
}

/** Settings that cannot be read are for the build to complain about. */
async function signSettings(
  { cwd, env, paths, now }: PipelineContext,
  { context: place, own }: ParsedBuild,
): Promise<Settings['sign'] | undefined> {
  const at = (file: string | undefined) => file && resolve(cwd, file);
  const startDir = place !== '-' && !isAddress(place) ? resolve(cwd, place) : undefined;
  const files = { named: at(own.config), policy: at(own.trustPolicy), startDir };
  const asked = { ...files, userDir: paths.config, task: 'project', env, now: now() } as const;
  return settingsOf(asked).then(
    ({ sign }) => sign,
    () => undefined,
  );
}

async function keptChoice(where: Where): Promise<SigningChoice | undefined> {
  const kept = parseJson(await readFile(signingFile(where), 'utf8').catch(() => ''));
  const [kind, key = ''] = [textField(kept, 'with'), textField(kept, 'key')];
  if (kind === 'own-key' || kind === 'keyless' || kind === 'nothing') return { with: kind };
  return kind === 'key' && key !== '' ? { with: kind, key } : undefined;
}

export async function keepSigningChoice(where: Where, choice: SigningChoice): Promise<void> {
  await makeFolder(where.paths.config);
  await writeFileBeside(signingFile(where), `${JSON.stringify(choice, null, 2)}\n`);
}

export async function forgetSigningChoice(where: Where): Promise<void> {
  await forgetFile(signingFile(where));
}

/** The build with the choice, as if flags had made it. */
export function withSigningChoice(parsed: ParsedBuild, choice: SigningChoice): ParsedBuild {
  const flags = {
    'own-key': {},
    keyless: { keyless: true },
    key: 'key' in choice ? { key: choice.key } : {},
    nothing: { sign: false },
  }[choice.with];
  return { ...parsed, own: { ...parsed.own, ...flags } };
}
