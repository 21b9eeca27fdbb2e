import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { namedIdentity, type SignerFlags } from '../build/attest-plan.ts';
import { isOfTheProject } from '../config/find-settings.ts';
import { isThere } from '../image/disk.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import { keyScheme } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import {
  type CallFolder,
  cosignDialect,
  cosignSaid,
  EMPTY_TRUSTED_ROOT,
  inCallFolder,
  runCosign,
  verificationFailure,
  VERIFY_ENV,
} from './cosign.ts';
import { isKeyUri, keyAccess, keyName } from './keys.ts';
import { isAnchored, type NamedText } from './policy.ts';
import { publicKeyOf, type Signer as SigningSigner, verifierName } from './signer.ts';
import { readTrustedRoot } from './sigstore.ts';

/**
 * Who must have signed. A key (PEM text, file, KMS or other URI of cosign's) needs no network; an
 * identity needs sigstore's trusted root, which cosign fetches where no file is given.
 */
export type Signer =
  | { readonly kind: 'key'; readonly publicKey: string }
  | {
      readonly kind: 'identity';
      readonly identity: NamedText;
      readonly issuer: NamedText;
      /** A file; for a sigstore of one's own, or without a network. */
      readonly trustedRoot?: string;
    };

/** True where cosign asks the network before it knows whether this signer signed. */
export function needsNetwork(signer: Signer): boolean {
  if (signer.kind === 'identity') return signer.trustedRoot === undefined;
  return keyScheme(signer.publicKey)?.network === true;
}

/** `failed`: this signer did not sign this. `unknown`: not checked. Neither counts as verified. */
export type CosignAnswer =
  | { readonly outcome: 'verified' }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/** cosign up to 2.5 reads an entry of Rekor v2 as one without a time. */
const NEW_LOG = /nil value in transaction log entry/i;

/**
 * Asks cosign whether the signer signed the blob, the bytes or their file: plain, or as the subject
 * of a statement of that type. cosign 2.5 takes any type, so the caller checks it too. No registry
 * is asked; with a key, no network at all.
 */
export function verifyAttached(
  run: RunTool,
  asked: {
    readonly bundle: Uint8Array;
    readonly blob: Uint8Array | string;
    readonly predicateType: string | undefined;
    readonly signer: Signer;
    readonly signal?: AbortSignal;
  },
): Promise<CosignAnswer> {
  const { bundle, blob, predicateType, signer, signal } = asked;
  return inCallFolder(async ({ write }) => {
    const { kind } = await cosignDialect(run);
    const args = [
      predicateType === undefined ? 'verify-blob' : 'verify-blob-attestation',
      ...(kind === 'flags' ? ['--new-bundle-format'] : []),
      ...(await signerArgs(signer, write)),
      ...['--bundle', await write('bundle.json', bundle)],
      ...(predicateType === undefined ? [] : ['--type', predicateType]),
      typeof blob === 'string' ? blob : await write('blob', blob),
    ];
    const ofKey = signer.kind === 'key' ? keyAccess(signer.publicKey).env : {};
    const env = { ...VERIFY_ENV, ...ofKey };
    const { exitCode, stderr } = await runCosign(run, args, { env, signal });
    if (exitCode === 0) return { outcome: 'verified' };
    const reason = cosignSaid(stderr);
    return NEW_LOG.test(reason)
      ? {
          outcome: 'unknown',
          reason: 'it is logged in Rekor v2, which this cosign cannot read: install cosign 3',
        }
      : { outcome: verificationFailure(stderr), reason };
  });
}

/** The flags that name the signer. A key is asked for with a root that trusts no service. */
async function signerArgs(signer: Signer, write: CallFolder['write']): Promise<readonly string[]> {
  if (signer.kind === 'key') {
    const isPem = signer.publicKey.startsWith('-----BEGIN ');
    const file = isPem ? await write('pub', signer.publicKey) : signer.publicKey;
    const trust = ['--trusted-root', await write('trust', EMPTY_TRUSTED_ROOT)];
    return ['--key', keyAccess(file).ref, '--insecure-ignore-tlog', ...trust];
  }
  const named = (flag: string, given: NamedText): readonly string[] =>
    'exact' in given ? [flag, given.exact] : [`${flag}-regexp`, given.pattern];
  return [
    ...named('--certificate-identity', signer.identity),
    ...named('--certificate-oidc-issuer', signer.issuer),
    ...(signer.trustedRoot === undefined ? [] : ['--trusted-root', signer.trustedRoot]),
  ];
}

function signerName(signer: Signer): string {
  if (signer.kind === 'key') return keyName(signer.publicKey);
  const text = (named: NamedText): string =>
    'exact' in named ? named.exact : `/${named.pattern}/`;
  return `${text(signer.identity)} (${text(signer.issuer)})`;
}

export interface TrustedSigner {
  readonly signer: Signer;
  readonly name: string;
}

/**
 * Against whom signatures are checked. `named`: the user asked for just these, by flags or a
 * policy, so what is signed by another fails. Else the keys at hand, the user's own and
 * `trust.keys`: a signature of somebody else is then merely not verified.
 */
export interface TrustedSigners {
  readonly named: boolean;
  /** The network is not to be used: who cannot be asked for without it is not. */
  readonly offline?: boolean;
  readonly signers: readonly TrustedSigner[];
}

export const NOBODY_NAMED: SignerFlags = {
  keys: [],
  identity: undefined,
  identityPattern: undefined,
  issuer: undefined,
  issuerPattern: undefined,
};

/** What a signature by the key that this tool made for the user is verified by, in reports. */
export const OWN_KEY = 'this user’s key';

/**
 * The keys and the identity that the flags name, else those at hand. Throws UserError for a key
 * file that cannot be read or is not a public key, and for an identity that names nobody.
 */
export async function trustedSigners(
  context: PipelineContext,
  settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>,
  flags: SignerFlags & { readonly trustedRoot?: string },
): Promise<TrustedSigners> {
  const { trust, offline, origins } = settings;
  const root = flags.trustedRoot ?? trust.trustedRoot;
  const identity = identitySigner(context, flags, root, (why) => why);
  // Named, it has to be one, though keys alone need none.
  const isAsked = flags.trustedRoot !== undefined || trust.identities.length > 0;
  if (root !== undefined && (isAsked || identity !== undefined))
    await readTrustedRoot(resolve(context.cwd, root));
  const keys = await Promise.all(flags.keys.map((key) => keySigner(key, context.cwd, '--key')));
  const signers = [...keys, ...(identity === undefined ? [] : [identity])];
  if (signers.length > 0) return { named: true, offline, signers };
  /** Where a list of the settings comes from, for people. */
  const placeOf = (setting: string): string => {
    const file = origins.find((one) => one.setting === setting)?.file;
    return file === undefined ? setting : `${setting} of ${file}`;
  };
  const listed = (one: TrustedSigner, from: string): TrustedSigner => ({
    ...one,
    name: `${one.name} (${from})`,
  });
  const [ofKeys, ofIdentities] = [placeOf('trust.keys'), placeOf('trust.identities')];
  const listedKeys = await Promise.all(
    trust.keys.map((key) => keySigner(key, context.cwd, ofKeys)),
  );
  const listedIdentities = trust.identities.map(
    ({ subject, subjectPattern, issuer, issuerPattern }) => {
      const named = { identity: subject, identityPattern: subjectPattern, issuer, issuerPattern };
      const say = (why: string): string => `${ofIdentities}: ${why}`;
      const found = identitySigner(context, { keys: [], ...named }, root, say);
      if (found === undefined)
        throw new UserError(say('an entry names nobody'), {
          nextStep: 'name each by subject and issuer',
        });
      return listed(found, ofIdentities);
    },
  );
  const ofSettings = [...listedKeys.map((one) => listed(one, ofKeys)), ...listedIdentities];
  const isNamed = origins.some(
    ({ setting, source }) => /^trust\.(?:keys|identities)$/.test(setting) && source === 'named',
  );
  if (isNamed) return { named: true, offline, signers: ofSettings };
  return {
    named: false,
    offline,
    signers: [...(await ownKeys(context, settings)), ...ofSettings],
  };
}

/**
 * The same with the present signer, unless the user asked for the others alone. That is a key
 * behind a URI, a key without its public half beside it, or a fresh login.
 */
export async function withSigner(
  { cwd }: PipelineContext,
  trusted: TrustedSigners,
  signer: SigningSigner,
): Promise<TrustedSigners> {
  if (trusted.named) return trusted;
  if (signer.kind === 'key') {
    const beside = publicKeyOf(signer.ref);
    if (beside !== undefined && (await isThere(resolve(cwd, beside)))) return trusted;
  } else if (signer.session.identity === undefined) return trusted;
  return { ...trusted, signers: [await verifierOf(signer), ...trusted.signers] };
}

/** Whom the signer's signatures are verified by. */
export async function verifierOf(signer: SigningSigner): Promise<TrustedSigner> {
  if (signer.kind === 'key')
    return {
      signer: { kind: 'key', publicKey: signer.publicKey },
      name: verifierName(signer),
    };
  const by = await signer.session.verifier();
  return { signer: by, name: signerName(by) };
}

/** The identity that is named, if one is. Throws UserError if it names nobody, or anybody. */
function identitySigner(
  context: PipelineContext,
  flags: SignerFlags,
  trustedRoot: string | undefined,
  say: (why: string) => string,
): TrustedSigner | undefined {
  const named = namedIdentity(flags);
  if (!named.ok)
    throw new UserError(say(named.error), {
      nextStep: 'name the signer: --certificate-identity NAME --certificate-oidc-issuer URL',
    });
  if (named.value === undefined) return undefined;
  for (const asked of [named.value.identity, named.value.issuer]) tellOfOpen(context, asked);
  const root = trustedRoot && resolve(context.cwd, trustedRoot);
  const signer: Signer = { kind: 'identity', ...named.value, ...given({ trustedRoot: root }) };
  return { signer, name: signerName(signer) };
}

/** Patterns that a run of this program has been warned of: it asks for signers more than once. */
const warned = new WeakMap<AbortSignal, Set<string>>();

/** Warns of a pattern that also matches names around the one meant, except in a URL's folder. */
function tellOfOpen({ emit, signal }: PipelineContext, asked: NamedText): void {
  if ('exact' in asked || isAnchored(asked.pattern) || /^\^https?:\S+\/$/.test(asked.pattern))
    return;
  const before = warned.get(signal) ?? new Set();
  if (before.has(asked.pattern)) return;
  warned.set(signal, before.add(asked.pattern));
  emit({
    kind: 'warning',
    text: `the pattern ${asked.pattern} takes every name that has a match in it`,
    nextStep: 'begin it with ^ and end it with $',
  });
}

/** The key made for the user, unless it is in the project, and the configured key's public half. */
async function ownKeys(
  context: PipelineContext,
  { sign }: Pick<Settings, 'sign'>,
): Promise<readonly TrustedSigner[]> {
  const made = join(context.paths.config, 'keys', 'cosign.pub');
  const isTheirs = await isOfTheProject(made, context.cwd);
  const configured = sign.key === undefined ? undefined : publicKeyOf(sign.key);
  const own = [
    ...(isTheirs ? [] : [{ path: made, name: OWN_KEY }]),
    ...(configured === undefined ? [] : [{ path: configured, name: configured }]),
  ];
  const there = await Promise.all(own.map(({ path }) => isThere(path)));
  return own
    .filter((_, at) => there[at])
    .map(({ path, name }) => ({ signer: { kind: 'key', publicKey: path }, name }));
}

async function keySigner(key: string, folder: string, from: string): Promise<TrustedSigner> {
  if (isKeyUri(key)) return { signer: { kind: 'key', publicKey: key }, name: keyName(key) };
  const path = resolve(folder, key);
  const text = await readFile(path, 'latin1').catch((cause: unknown) => {
    throw new UserError(`the key ${key} (${from}) cannot be read`, {
      nextStep: 'name a public key file, or a KMS URI',
      cause,
    });
  });
  if (/PRIVATE KEY-----/.test(text))
    throw new UserError(`${key} is a private key; verifying takes the public one`, {
      nextStep: `--key ${key.replace(/\.key$/, '')}.pub`,
    });
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text))
    throw new UserError(`${key} is not a public key in PEM form`, {
      nextStep: 'cosign public-key --key KEY > cosign.pub',
    });
  return { signer: { kind: 'key', publicKey: path }, name: key };
}
