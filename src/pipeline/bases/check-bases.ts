import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isOfType } from '../../attestations/predicate-name.ts';
import { DEFAULT_SETTINGS } from '../../config/schema.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { familiarReference, formatReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { type JsonCache, openCache } from '../../oci/layout/caches.ts';
import { publisherSigner } from '../../rules/trusted-source/publisher-signers.ts';
import { matchesImage } from '../../rules/trusted-source/trusted-publishers.ts';
import { type Signer } from '../../tools/cosign/cosign-signer.ts';
import type { PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import { openNamedImage } from '../grade/open-named-image.ts';
import type { Registries } from '../registries.ts';
import type { FoundImage } from '../resolve-images.ts';
import { NOBODY_NAMED, trustedSigners, type TrustedSigner } from '../sign/trusted-signers.ts';
import { verifyImage } from '../verify/verify-image.ts';

/** Who signed each outside image of the build, by digest; only those that verified. */
export type SignedBases = ReadonlyMap<Digest, string>;

/** An image that the build takes from outside; without a digest where its registry gave none. */
export type Base = Pick<FoundImage, 'reference' | 'name' | 'digest'>;

/** Checks of bases that are under way. */
export interface BaseChecks {
  /** Waits for bases in `trust.bases`. Throws UserError if one fails or cannot be checked. */
  readonly required: () => Promise<void>;
  /** What verified until now; what still runs is given up. */
  readonly verified: () => SignedBases;
}

/** For a registry that does not answer; cosign has a bound of its own for each call. */
const TIMEOUT_MS = 60_000;
const SCHEMA = 1;

interface Asked {
  readonly context: PipelineContext;
  /** Clients that end with the context that they are made for. */
  readonly registries: (context: PipelineContext) => Registries;
  readonly settings: Settings;
}

type Checked = Asked & { readonly kept: JsonCache };

type Answer =
  | { readonly ok: true; readonly signedBy: string }
  | { readonly ok: false; readonly reason: string; readonly isRefuted: boolean };

/**
 * Starts to verify the images that a build takes from outside: those of `trust.bases`, against
 * their publisher's identity or the user's keys, and those of publishers that are known to sign.
 * The others are not asked for. What verified once is kept by digest and signer.
 */
export function checkBases(asked: Asked, images: readonly Base[]): BaseChecks {
  const { context, settings } = asked;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  // What is checked beside the build says nothing of its own.
  const quiet: Checked = {
    ...asked,
    kept: openCache(context, 'bases', SCHEMA),
    context: { ...context, signal, emit: () => undefined },
  };
  const keys = images.some((image) => isRequired(settings, image))
    ? userSigners(quiet)
    : Promise.resolve([]);
  keys.catch(() => undefined);
  const signed = new Map<Digest, string>();
  const checks = images
    .filter((image) => isRequired(settings, image) || isOffered(settings, image))
    .map((image) => {
      const answer = check(quiet, image, keys).catch((error: unknown): Answer => ({
        ok: false,
        reason: messageOf(error),
        isRefuted: false,
      }));
      const noted = answer.then((one) => {
        if (one.ok && image.digest !== undefined) signed.set(image.digest, one.signedBy);
        else if (!one.ok && one.isRefuted && !isRequired(settings, image))
          context.emit({ kind: 'warning', text: `${image.name}: ${one.reason}` });
        return one;
      });
      return { image, noted };
    });
  return {
    required: async () => {
      for (const { image, noted } of checks) {
        if (!isRequired(settings, image)) continue;
        const answer = await noted;
        context.signal.throwIfAborted();
        if (!answer.ok) throw unsigned(familiarReference(image.reference), answer.reason);
      }
    },
    verified: () => {
      stop.abort();
      return new Map(signed);
    },
  };
}

/** True where the settings ask for the image's signature. */
export function isRequired(
  { trust }: Pick<Settings, 'trust'>,
  { reference }: Pick<Base, 'reference'>,
): boolean {
  return trust.bases.some((pattern) => matchesImage(pattern, reference));
}

/** Its publisher is known to sign, and the network may be used. */
function isOffered({ offline }: Settings, { reference, digest }: Base): boolean {
  return !offline && digest !== undefined && publisherSigner(reference) !== undefined;
}

export function unsigned(name: string, reason: string): UserError {
  return new UserError(`${name} is not used: trust.bases asks for its signature, and ${reason}`, {
    nextStep: `scoville verify ${name} shows what is signed; trust.keys names keys that count`,
  });
}

/**
 * The user's own key and the keys in the user's own settings. A project's file cannot vouch for
 * what its author chose.
 */
async function userSigners({ context, settings }: Asked): Promise<readonly TrustedSigner[]> {
  const { signers } = await trustedSigners(context, ownWord(settings), NOBODY_NAMED);
  return signers;
}

/** The settings as if the project's file said nothing of trust and keys. */
export function ownWord(settings: Settings): Settings {
  const project = settings.origins
    .filter(({ source }) => source === 'project')
    .map(({ setting }) => setting);
  const own = <T extends object>(group: string, all: T, standard: T): T => ({
    ...standard,
    ...Object.fromEntries(
      Object.entries(all).filter(([name]) => !project.includes(`${group}.${name}`)),
    ),
  });
  return {
    ...settings,
    trust: own('trust', settings.trust, DEFAULT_SETTINGS.trust),
    sign: own('sign', settings.sign, DEFAULT_SETTINGS.sign),
  };
}

async function check(
  asked: Checked,
  image: Base,
  keys: Promise<readonly TrustedSigner[]>,
): Promise<Answer> {
  const { context, registries, settings } = asked;
  const { registry, repository } = image.reference;
  const { digest } = image;
  if (digest === undefined)
    return { ok: false, reason: 'its registry gave no digest', isRefuted: false };
  const publisher = publisherSigner(image.reference);
  const signers = [
    ...(publisher === undefined ? [] : [signerOf(publisher)]),
    ...(isRequired(settings, image) ? await keys : []),
  ];
  if (signers.length === 0)
    return { ok: false, reason: 'no key or identity is known for it', isRefuted: false };
  const key = JSON.stringify([digest, await Promise.all(signers.map(fingerprint))]);
  const kept = await asked.kept.get(key);
  if (typeof kept === 'string') return { ok: true, signedBy: kept };
  const opened = await openNamedImage(context, registries(context), {
    text: `registry:${formatReference({ registry, repository, digest })}`,
    stdin: noStdin(),
  });
  try {
    const trusted = { named: true, offline: settings.offline, signers };
    const demands = { types: [], minLevel: undefined };
    const answer = await verifyImage(context, opened, trusted, demands);
    if (answer.outcome !== 'verified')
      return {
        ok: false,
        reason: answer.reasons.join('; '),
        isRefuted: answer.outcome === 'short',
      };
    const stated = ['provenance', 'vsa'].filter((type) =>
      answer.attestations.some(
        (one) => one.verification === 'verified' && isOfType(one.type, type),
      ),
    );
    const more = stated.length > 0 ? `, with ${stated.join(' and ')}` : '';
    const signedBy = `${answer.signedBy ?? ''}${more}`;
    await asked.kept.set(key, signedBy);
    return { ok: true, signedBy };
  } finally {
    await opened.close();
  }
}

function signerOf(publisher: NonNullable<ReturnType<typeof publisherSigner>>): TrustedSigner {
  const signer: Signer = {
    kind: 'identity',
    identity: { exact: publisher.identity },
    issuer: { exact: publisher.issuer },
  };
  return { signer, name: `${publisher.name} (${publisher.identity})` };
}

/** By content: a key file may have another key tomorrow. */
async function fingerprint({ signer, name }: TrustedSigner): Promise<string> {
  if (signer.kind === 'identity') return JSON.stringify(signer);
  const bytes = await readFile(signer.publicKey).catch(() => name);
  return createHash('sha256').update(bytes).digest('hex');
}
