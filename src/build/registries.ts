import { openCache } from '../image/caches.ts';
import { askCredentialHelper } from '../image/credential-helper.ts';
import {
  MAX_DOCUMENT_BYTES,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from '../image/documents.ts';
import { platformRanks } from '../image/platforms.ts';
import { RegistryClient } from '../image/registry/client.ts';
import { type ConnectionOptions, RegistryConnection } from '../image/registry/connection.ts';
import { type CredentialSource, dockerCredentials } from '../image/registry/credentials.ts';
import { RegistryError } from '../image/registry/http.ts';
import { wholeStream } from '../lib/bytes.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import { isIndex, type Platform, platformName } from '../model/image.ts';
import type { LockedImage } from '../model/lock.ts';
import {
  type Digest,
  familiarReference,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { type EngineRegistries, engineRegistries, type LocalImage } from './docker.ts';
import type { NeededImage, ResolvedImage } from './images.ts';

const HUB = 'docker.io';

/** What a service decides for itself; a user's own are what `docker login` and the engine know. */
export type RegistryAccess = (registry: string) => Omit<ConnectionOptions, 'registry' | 'signal'>;

export class Registries {
  readonly #clients = new Map<string, RegistryClient>();
  readonly #credentials: CredentialSource;
  readonly #context: PipelineContext;
  readonly #settings: Settings['registries'];
  /** None where not the user decides whom to reach. */
  readonly #unverified: typeof fetch | undefined;
  readonly #access: RegistryAccess | undefined;
  #engine: Promise<EngineRegistries> | undefined;
  #mirrors: Promise<readonly RegistryConnection[]> | undefined;

  constructor(context: PipelineContext, settings: Settings['registries'], access?: RegistryAccess) {
    this.#context = context;
    this.#settings = settings;
    const { env, paths } = context;
    this.#access = access;
    this.#credentials = dockerCredentials(paths.dockerConfig, env, (helper, server) =>
      askCredentialHelper(context.run, helper, server),
    );
    this.#unverified =
      access === undefined
        ? networkFetch(env, env['HOME'] ?? '/', { isVerified: false })
        : undefined;
  }

  /** `plainHttp` for this call's registry where an output asked for it (`registry.insecure`). */
  client(registry: string, plainHttp = false): RegistryClient {
    const configured = this.#settings[registry]?.plainHttp === true || plainHttp;
    // Where nobody says so, the address decides: `false` would ask loopback by TLS.
    const options = { ...this.#options(registry), ...(configured ? { plainHttp: true } : {}) };
    return this.#known(`${registry} ${String(configured)}`, options);
  }

  /** To read images alone: what is on Docker Hub may come from a mirror of the engine's. */
  reader(registry: string): RegistryClient {
    if (registry !== HUB || this.#access !== undefined) return this.client(registry);
    const mirrors = () => (this.#mirrors ??= this.#findMirrors());
    return this.#known(`${HUB} read`, { ...this.#options(HUB), mirrors });
  }

  #known(key: string, options: ConnectionOptions): RegistryClient {
    const client = this.#clients.get(key) ?? new RegistryClient(options);
    this.#clients.set(key, client);
    return client;
  }

  #options(registry: string): ConnectionOptions {
    const { signal } = this.#context;
    if (this.#access !== undefined) return { registry, signal, ...this.#access(registry) };
    return {
      registry,
      signal,
      credentials: this.#credentials,
      insecure: async () => (await this.#asked()).isInsecure(registry),
      tokenServers: [this.#settings[registry]?.tokenServer ?? []].flat(),
      ...given({ unverified: this.#unverified }),
    };
  }

  #asked(): Promise<EngineRegistries> {
    return (this.#engine ??= engineRegistries(this.#context.run, this.#context.signal));
  }

  async #findMirrors(): Promise<readonly RegistryConnection[]> {
    const { mirrors } = await this.#asked();
    return mirrors.map((base) => {
      const options = this.#options(base.host);
      // The engine shows mirrors no password; one kept for this host is safe over TLS.
      const credentials: CredentialSource =
        base.protocol === 'https:' ? options.credentials : () => Promise.resolve(undefined);
      return new RegistryConnection({ ...options, credentials, base });
    });
  }
}

export interface FoundImage extends ResolvedImage {
  readonly reference: ImageReference;
  /** In the engine's own store, where BuildKit takes it from unless --pull is given. */
  readonly local: boolean;
  /** diffIDs, base first, of the platform that was asked for; undefined where it was not read. */
  readonly layers: readonly Digest[] | undefined;
}

interface Where {
  readonly context: PipelineContext;
  readonly registries: Registries;
  readonly platform: Platform;
  /** `strict`: made again, and what cannot be asked for is an error. A replay asks no registry. */
  readonly lock:
    | {
        readonly path: string;
        readonly images: ReadonlyMap<string, LockedImage>;
        readonly strict: boolean;
        readonly hermetic?: 'record' | 'replay' | undefined;
      }
    | undefined;
}

/**
 * Finds the images that a build takes from outside. Without a lock: in the engine's store first, as
 * BuildKit does on the docker driver without --pull, else in their registry. With one: what it pins
 * at that digest, whatever its tag says now; the others from their registries, and from the
 * engine's store only where no registry has them. One that cannot be found is left out; BuildKit
 * then says so in its own words. Throws UserError where a registry has lost a locked digest.
 * @param local what the engine's store has of each; none where that is not what is built from
 */
export async function resolveImages(
  where: Where,
  needed: readonly NeededImage[],
  local: readonly (LocalImage | undefined)[],
): Promise<readonly FoundImage[]> {
  const { lock, platform } = where;
  const found = await Promise.all(
    needed.map(async ({ reference }, i): Promise<FoundImage | undefined> => {
      const name = formatReference(reference);
      const entry = lock?.images.get(name);
      const here = local[i];
      if (here !== undefined && (lock === undefined || entry?.local === true))
        return foundHere(reference, here);
      const digest = reference.digest ?? entry?.digest;
      const platforms = entry?.platforms ?? new Map<string, Digest>();
      const isReplayed = lock?.hermetic === 'replay' && digest !== undefined;
      const known = isReplayed ? await saidOf(where.context, digest, platform).get() : undefined;
      if (known !== undefined)
        return { ...known, reference, name, digest, platforms, local: false };
      if (entry === undefined || entry.local || reference.digest !== undefined)
        return newlyFound(where, reference, name, here);
      return atLockedDigest(where, reference, name, entry);
    }),
  );
  return found.filter((image) => image !== undefined);
}

const SCHEMA = 2;

interface Said extends Pick<FoundImage, 'created' | 'layers'> {
  readonly platforms: readonly (readonly [string, Digest])[];
}

/** What a registry said of the image at a digest, which does not change. */
function saidOf(context: PipelineContext, digest: Digest, platform: Platform) {
  const cache = openCache(context, 'images', SCHEMA);
  const key = `${digest} ${platformName(platform)}`;
  return {
    get: async () => {
      const said = (await cache.get(key)) as Said | undefined;
      return said && { ...said, platforms: new Map(said.platforms) };
    },
    set: ({ created, layers, platforms = new Map() }: FoundImage): Promise<void> =>
      cache.set(key, { created, layers, platforms: [...platforms] } satisfies Said),
  };
}

async function atLockedDigest(
  where: Where,
  reference: ImageReference,
  name: string,
  { digest, platforms }: LockedImage,
): Promise<FoundImage> {
  const { context, registries, platform, lock } = where;
  const held = { reference, name, digest, platforms, local: false };
  const asked = { ...reference, digest };
  const image = await imageOfRegistry(registries, asked, name, platform, context).catch(
    (error: unknown) => {
      tell(context, `${name} was not looked up, its digest is the lock's`, error);
      return { created: undefined, layers: undefined };
    },
  );
  if (image === undefined)
    throw new UserError(`${reference.registry} no longer has ${name}@${digest} of ${lock?.path}`, {
      nextStep: 'scoville lock PATH locks what the tag points to now',
    });
  return { ...image, ...held };
}

async function newlyFound(
  { context, registries, platform, lock }: Where,
  reference: ImageReference,
  name: string,
  here: LocalImage | undefined,
): Promise<FoundImage | undefined> {
  const isStrict = lock?.strict === true;
  try {
    const kept = isStrict ? undefined : context;
    const image = await imageOfRegistry(registries, reference, name, platform, kept);
    if (image !== undefined) return image;
  } catch (error) {
    context.signal.throwIfAborted();
    // The registry refused or lacks the image: it may be one of the engine's own.
    const cause = error instanceof Error ? error.cause : undefined;
    const isRefusal = cause instanceof RegistryError && [401, 403, 404].includes(cause.status);
    if (isStrict && !isRefusal)
      throw new UserError(`${name} cannot be resolved: ${messageOf(error)}`, { cause: error });
    if (here === undefined) tell(context, `${name} was not resolved before the build`, error);
  }
  if (here !== undefined) return foundHere(reference, here);
  if (isStrict)
    throw new UserError(`neither ${reference.registry} nor the engine has ${name}`, {
      nextStep: 'check the name in the Dockerfile',
    });
  return undefined;
}

function tell(context: PipelineContext, what: string, error: unknown): void {
  context.signal.throwIfAborted();
  context.emit({ kind: 'notice', text: `${what}: ${messageOf(error)}` });
}

function foundHere(reference: ImageReference, here: LocalImage): FoundImage {
  const { id: digest, created, layers } = here;
  return { reference, name: formatReference(reference), digest, created, local: true, layers };
}

/**
 * An image from its registry; undefined if it has none. `kept` has what was said of this digest
 * before. Throws as the registry client does.
 */
export async function imageOfRegistry(
  registries: Registries,
  reference: ImageReference,
  name: string,
  platform: Platform,
  kept?: PipelineContext,
): Promise<FoundImage | undefined> {
  const client = registries.reader(reference.registry);
  const { repository } = reference;
  const root = await client.findManifest(repository, reference.digest ?? reference.tag ?? 'latest');
  if (root === undefined) return undefined;
  const { digest, mediaType } = root.descriptor;
  const said = kept && saidOf(kept, digest, platform);
  const known = await said?.get();
  if (known !== undefined) return { ...known, reference, name, digest, local: false };
  const listed = isIndex(mediaType) ? parseIndex(root.bytes, digest).manifests : undefined;
  const rankOf = (one: Platform | undefined): number =>
    one === undefined ? Infinity : (platformRanks(one, platform)[0] ?? Infinity);
  const [match] = (listed ?? [])
    .filter((one) => rankOf(one.platform) < Infinity)
    .sort((a, b) => rankOf(a.platform) - rankOf(b.platform));
  const manifest =
    listed === undefined ? root : match && (await client.getManifest(repository, match.digest));
  const config = manifest && (await configOf(client, repository, manifest));
  const alone = config === undefined || listed !== undefined ? [] : [{ platform: config, digest }];
  // Those without a platform, such as BuildKit's attestations, are left out.
  const platforms = [...(listed ?? []), ...alone].flatMap((one): [string, Digest][] =>
    one.platform === undefined || one.platform.os === 'unknown'
      ? []
      : [[platformName(one.platform), one.digest]],
  );
  const { created, rootfs } = config ?? {};
  const about = { reference, name, digest, created, local: false, layers: rootfs?.diff_ids };
  const found = { ...about, platforms: new Map(platforms) };
  if (created !== undefined && rootfs !== undefined) await said?.set(found);
  return found;
}

async function configOf(
  client: RegistryClient,
  repository: string,
  manifest: Awaited<ReturnType<RegistryClient['getManifest']>>,
): Promise<ReturnType<typeof parseImageConfig> | undefined> {
  const { config } = parseManifest(manifest.bytes, manifest.descriptor.digest);
  const bytes = await wholeStream(client.getBlob(repository, config), MAX_DOCUMENT_BYTES);
  return bytes && parseImageConfig(bytes, config.digest);
}

export interface PinnedBase {
  readonly role: string;
  readonly image: string;
  readonly digest: string | undefined;
  readonly reason: string | undefined;
}

/** Any platform will do: the digest is that of the index. */
const PLATFORM: Platform = { os: 'linux', architecture: 'amd64' };

/** Asks registries for the bases' digests; if that fails, keeps tag and reason. Throws on abort. */
export async function pinBases(
  registries: Registries | undefined,
  bases: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly PinnedBase[]> {
  return Promise.all(
    [...bases].map(async ([role, image]): Promise<PinnedBase> => {
      const left = (reason: string): PinnedBase => ({ role, image, digest: undefined, reason });
      const read = parseReference(image);
      if (!read.ok) return left(read.error);
      if (read.value.digest !== undefined)
        return { role, image, digest: read.value.digest, reason: undefined };
      if (registries === undefined) return left('no registry was asked');
      const reference = withDefaultTag(read.value);
      try {
        const name = formatReference(reference);
        const found = await imageOfRegistry(registries, reference, name, PLATFORM);
        if (found?.digest === undefined) return left('its registry has no such image');
        const pinned = familiarReference({ ...reference, digest: found.digest });
        return { role, image: pinned, digest: found.digest, reason: undefined };
      } catch (error) {
        signal.throwIfAborted();
        return left(messageOf(error));
      }
    }),
  );
}
