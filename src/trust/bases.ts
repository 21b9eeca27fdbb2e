import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { noStdin } from '../build/context-source.ts';
import type { FoundImage, Registries } from '../build/registries.ts';
import { DEFAULT_SETTINGS } from '../config/schema.ts';
import { matchesImage, publisherSigner } from '../criteria/trusted-source.ts';
import { openCache } from '../image/caches.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BuildFact, Fact } from '../model/facts.ts';
import {
  type Digest,
  familiarReference,
  formatReference,
  parseReference,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { isOfType } from './statement-kinds.ts';
import {
  NOBODY_NAMED,
  type Signer,
  type TrustedSigner,
  trustedSigners,
} from './trusted-signers.ts';

export type SignedBases = ReadonlyMap<Digest, string>;

/** An image that the build takes from outside; without a digest where its registry gave none. */
export type Base = Pick<FoundImage, 'reference' | 'name' | 'digest'>;

/** For a registry that does not answer; cosign has a bound of its own for each call. */
const TIMEOUT_MS = 60_000;
const SCHEMA = 1;

interface Asked {
  readonly context: PipelineContext;
  /** Clients that end with the context that they are made for. */
  readonly registries: (context: PipelineContext) => Registries;
  readonly settings: Settings;
}

/** Who signed, or why nobody is known to have; `isRefuted`: somebody else did, or nobody. */
interface Answer {
  readonly signedBy?: string;
  readonly reason?: string;
  readonly isRefuted?: boolean;
}

/**
 * Starts to verify the images that a build takes from outside. Those of `trust.bases` are checked
 * against their publisher's identity or the user's keys, others where their publisher is known to
 * sign. What verified once is kept by digest and signer. `required` waits for the former, and
 * throws UserError if one fails or cannot be checked.
 */
export function checkBases(asked: Asked, images: readonly Base[]) {
  const { context, settings } = asked;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  // What is checked beside the build says nothing of its own.
  const quiet = { ...asked, context: { ...context, signal, emit: () => undefined } };
  const required = images.filter((image) => isRequired(settings, image));
  const offered = images.filter((image) => !required.includes(image) && isOffered(settings, image));
  const keys = required.length > 0 ? userSigners(quiet) : Promise.resolve([]);
  keys.catch(() => undefined);
  const signed = new Map<Digest, string>();
  const start = async (image: Base, byKeys: typeof keys): Promise<Answer> => {
    const answer = await check(quiet, image, byKeys).catch((error: unknown): Answer => ({
      reason: messageOf(error),
    }));
    const { signedBy } = answer;
    if (signedBy !== undefined && image.digest !== undefined) signed.set(image.digest, signedBy);
    return answer;
  };
  const answers = required.map((image) => ({ image, answer: start(image, keys) }));
  for (const image of offered)
    void start(image, Promise.resolve([])).then(({ isRefuted, reason = '' }) => {
      if (isRefuted === true) context.emit({ kind: 'warning', text: `${image.name}: ${reason}` });
    });
  return {
    required: async (): Promise<void> => {
      for (const { image, answer } of answers) {
        const { signedBy, reason = '' } = await answer;
        context.signal.throwIfAborted();
        if (signedBy === undefined) throw unsigned(familiarReference(image.reference), reason);
      }
    },
    verified: (): SignedBases => {
      stop.abort();
      return new Map(signed);
    },
  };
}

function isRequired(
  { trust }: Pick<Settings, 'trust'>,
  { reference }: Pick<Base, 'reference'>,
): boolean {
  return trust.bases.some((pattern) => matchesImage(pattern, reference));
}

function isOffered({ offline }: Settings, { reference, digest }: Base): boolean {
  return !offline && digest !== undefined && publisherSigner(reference) !== undefined;
}

function unsigned(name: string, reason: string): UserError {
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
  { context, registries, settings }: Asked,
  { reference, digest }: Base,
  keys: Promise<readonly TrustedSigner[]>,
): Promise<Answer> {
  const { registry, repository } = reference;
  if (digest === undefined) return { reason: 'its registry gave no digest' };
  const publisher = publisherSigner(reference);
  const signers = [...(publisher === undefined ? [] : [signerOf(publisher)]), ...(await keys)];
  if (signers.length === 0) return { reason: 'no key or identity is known for it' };
  const cache = openCache(context, 'bases', SCHEMA);
  const key = JSON.stringify([digest, await Promise.all(signers.map(fingerprint))]);
  const kept = await cache.get(key);
  if (typeof kept === 'string') return { signedBy: kept };
  const { openNamedImage } = await import('../grade/grade-image.ts');
  const { verifyImage } = await import('./verify-image.ts');
  const opened = await openNamedImage(context, registries(context), {
    text: `registry:${formatReference({ registry, repository, digest })}`,
    stdin: noStdin(),
  });
  try {
    const trusted = { named: true, offline: settings.offline, signers };
    const demands = { types: [], minLevel: undefined };
    const answer = await verifyImage(context, opened, trusted, demands);
    if (answer.outcome !== 'verified')
      return { reason: answer.reasons.join('; '), isRefuted: answer.outcome === 'short' };
    const stated = ['provenance', 'vsa'].filter((type) =>
      answer.attestations.some(
        (one) => one.verification === 'verified' && isOfType(one.type, type),
      ),
    );
    const more = stated.length > 0 ? `, with ${stated.join(' and ')}` : '';
    const signedBy = `${answer.signedBy ?? ''}${more}`;
    await cache.set(key, signedBy);
    return { signedBy };
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

/** The same build with who signed each image that it used. */
export function withSigners(fact: Fact<BuildFact>, signed: SignedBases): Fact<BuildFact> {
  if (!fact.known || !fact.value.images.known || signed.size === 0) return fact;
  const images = fact.value.images.value.map((image) => {
    const by = image.digest === undefined ? undefined : signed.get(image.digest);
    return by === undefined ? image : { ...image, signedBy: by };
  });
  return { ...fact, value: { ...fact.value, images: { ...fact.value.images, value: images } } };
}

/**
 * After BuildKit: every image that it used and that `trust.bases` names has to be one that
 * verified, by the digest that was used. Throws UserError; so it does where nobody knows which
 * images those were.
 */
export function requireBases(
  settings: Pick<Settings, 'trust'>,
  builds: readonly Fact<BuildFact>[],
): void {
  if (settings.trust.bases.length === 0) return;
  for (const fact of builds) {
    if (!fact.known || !fact.value.images.known)
      throw unsigned('this build', 'nobody knows which images were used');
    for (const { text, signedBy } of fact.value.images.value) {
      if (text === 'scratch' || signedBy !== undefined) continue;
      const read = parseReference(text.replace(/^docker-image:\/\//, ''));
      if (!read.ok) throw unsigned(text, 'its name cannot be read');
      if (isRequired(settings, { reference: read.value }))
        throw unsigned(text, 'what was used is not what verified');
    }
  }
}

/**
 * Throws UserError where bases must be signed, or RUNs have no network, but buildx builds alone and
 * so unchecked.
 */
export function requireOwnBuild(
  { trust, hermetic }: Pick<Settings, 'trust' | 'hermetic'>,
  reason: string,
): void {
  const refuse = (asked: string, setting: string): UserError =>
    new UserError(`${asked}, and ${reason}`, {
      nextStep: `buildx does such a build alone: choose another output, or use scoville without ${setting}`,
    });
  if (trust.bases.length > 0)
    throw refuse('trust.bases asks for signatures of bases', 'trust.bases');
  if (hermetic === 'replay') throw refuse('hermetic: replay asks for no network', 'it');
}
