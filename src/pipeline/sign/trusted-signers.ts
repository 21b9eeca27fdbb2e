import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { Settings } from '../../model/settings.ts';
import { isThere } from '../../oci/layout/disk.ts';
import { namedIdentity, type SignerFlags } from '../../plans/signer-options.ts';
import { isKeyUri, type Signer, signerName } from '../../tools/cosign/cosign-signer.ts';
import type { PipelineContext } from '../context.ts';
import { publicKeyOf } from './signer.ts';

/** A signer, and how reports name it. */
export interface TrustedSigner {
  readonly signer: Signer;
  readonly name: string;
}

/**
 * Against whom signatures are checked. `named`: the user asked for just these, so what is signed by another fails. `known`: keys at hand, the
 * user's own and `trust.keys`; a signature of somebody else is then merely not verified.
 */
export interface TrustedSigners {
  readonly named: boolean;
  /** The network is not to be used: who cannot be asked for without it is not. */
  readonly offline?: boolean;
  readonly signers: readonly TrustedSigner[];
}

/** What a signature by the key that this tool made for the user is verified by, in reports. */
export const OWN_KEY = 'this user’s key';

/**
 * The keys and the identity that the flags name, else those at hand. Throws UserError for a key file that cannot be read or is no public
 * key, and for an identity that names nobody.
 */
export async function trustedSigners(
  context: PipelineContext,
  settings: Pick<Settings, 'trust' | 'sign' | 'offline'>,
  flags: SignerFlags & { readonly trustedRoot?: string },
): Promise<TrustedSigners> {
  const identity = namedIdentity(flags);
  if (!identity.ok)
    throw new UserError(identity.error, {
      nextStep: 'name the signer: --certificate-identity NAME --certificate-oidc-issuer URL',
    });
  const keys = await Promise.all(flags.keys.map((key) => keySigner(key, context.cwd, 'key')));
  const signers = [...keys, ...identitySigner(context, identity.value, flags.trustedRoot)];
  const { offline } = settings;
  if (signers.length > 0) return { named: true, offline, signers };
  return { named: false, offline, signers: await keysAtHand(context, settings) };
}

function identitySigner(
  context: PipelineContext,
  named: Pick<Extract<Signer, { kind: 'identity' }>, 'identity' | 'issuer'> | undefined,
  trustedRoot: string | undefined,
): readonly TrustedSigner[] {
  if (named === undefined) return [];
  const signer: Signer = {
    kind: 'identity',
    ...named,
    ...(trustedRoot === undefined ? {} : { trustedRoot: resolve(context.cwd, trustedRoot) }),
  };
  return [{ signer, name: signerName(signer) }];
}

/** The key made for the user, the public half of the configured one, and `trust.keys`. */
async function keysAtHand(
  context: PipelineContext,
  { trust, sign }: Pick<Settings, 'trust' | 'sign'>,
): Promise<readonly TrustedSigner[]> {
  const own = [
    { path: join(context.paths.config, 'keys', 'cosign.pub'), name: OWN_KEY },
    ...[sign.key === undefined ? undefined : publicKeyOf(sign.key)]
      .filter((path) => path !== undefined)
      .map((path) => ({ path, name: path })),
  ];
  const there = await Promise.all(
    own.map(async ({ path, name }): Promise<readonly TrustedSigner[]> => {
      return (await isThere(path)) ? [{ signer: { kind: 'key', publicKey: path }, name }] : [];
    }),
  );
  const listed = trust.keys.map((key) => keySigner(key, context.cwd, 'trust.keys'));
  return [...there.flat(), ...(await Promise.all(listed))];
}

async function keySigner(key: string, folder: string, from: string): Promise<TrustedSigner> {
  if (isKeyUri(key)) return { signer: { kind: 'key', publicKey: key }, name: key };
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
    throw new UserError(`${key} is no public key in PEM form`, {
      nextStep: 'cosign public-key --key KEY > cosign.pub',
    });
  return { signer: { kind: 'key', publicKey: path }, name: key };
}
