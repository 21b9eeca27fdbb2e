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
import { wholeStream } from '../lib/bytes.ts';
import { networkFetch } from '../lib/fetch.ts';
import type { PipelineContext } from '../model/context.ts';
import { isIndex, type Platform, platformName } from '../model/image.ts';
import { type Digest, formatReference, type ImageReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import {
  type EngineRegistries,
  engineRegistries,
  inspectLocalImages,
  type LocalImage,
} from './docker.ts';
import type { NeededImage, ResolvedImage } from './images.ts';

const HUB = 'docker.io';

export class Registries {
  readonly #clients = new Map<string, RegistryClient>();
  readonly #credentials: CredentialSource;
  readonly #context: PipelineContext;
  readonly #settings: Settings['registries'];
  readonly #unverified: typeof fetch;
  #engine: Promise<EngineRegistries> | undefined;
  #mirrors: Promise<readonly RegistryConnection[]> | undefined;

  constructor(context: PipelineContext, settings: Settings['registries']) {
    this.#context = context;
    this.#settings = settings;
    const { env, paths } = context;
    this.#credentials = dockerCredentials(paths.dockerConfig, env, (helper, server) =>
      askCredentialHelper(context.run, helper, server),
    );
    this.#unverified = networkFetch(env, env['HOME'] ?? '/', { isVerified: false });
  }

  /** `plainHttp` for this call's registry where an output asked for it (`registry.insecure`). */
  client(registry: string, plainHttp = false): RegistryClient {
    const configured = this.#settings[registry]?.plainHttp === true || plainHttp;
    return this.#known(`${registry} ${String(configured)}`, {
      ...this.#options(registry),
      ...(configured ? { plainHttp: true } : {}),
    });
  }

  /** To read images alone: what is on Docker Hub may come from a mirror of the engine's. */
  reader(registry: string): RegistryClient {
    if (registry !== HUB) return this.client(registry);
    const mirrors = (): Promise<readonly RegistryConnection[]> => {
      this.#mirrors ??= this.#findMirrors();
      return this.#mirrors;
    };
    return this.#known(`${HUB} read`, { ...this.#options(HUB), mirrors });
  }

  #known(key: string, options: ConnectionOptions): RegistryClient {
    const client = this.#clients.get(key) ?? new RegistryClient(options);
    this.#clients.set(key, client);
    return client;
  }

  #options(registry: string): ConnectionOptions {
    const { tokenServer } = this.#settings[registry] ?? {};
    return {
      registry,
      credentials: this.#credentials,
      signal: this.#context.signal,
      unverified: this.#unverified,
      insecure: async () => (await this.#asked()).isInsecure(registry),
      ...(tokenServer === undefined ? {} : { tokenServer }),
    };
  }

  #asked(): Promise<EngineRegistries> {
    this.#engine ??= engineRegistries(this.#context.run, this.#context.signal);
    return this.#engine;
  }

  async #findMirrors(): Promise<readonly RegistryConnection[]> {
    const { mirrors } = await this.#asked();
    return mirrors.map((base) => {
      const options = this.#options(base.host);
      // The engine shows mirrors no password; over TLS one that is kept for this host is no risk.
      const credentials: CredentialSource =
        base.protocol === 'https:' ? options.credentials : () => Promise.resolve(undefined);
      return new RegistryConnection({ ...options, credentials, base });
    });
  }
}

/** An image from outside as it was found, with its layers where they are known. */
export interface FoundImage extends ResolvedImage {
  readonly reference: ImageReference;
  /** In the engine's own store, where BuildKit takes it from unless --pull is given. */
  readonly local: boolean;
  /** diffIDs, base first, of the platform that was asked for; undefined where it was not read. */
  readonly layers: readonly Digest[] | undefined;
}

/** The images in the engine's store: one entry for each, undefined if it is not there. */
export function findLocalImages(
  context: PipelineContext,
  needed: readonly NeededImage[],
): Promise<readonly (LocalImage | undefined)[]> {
  const names = needed.map(({ reference }) => formatReference(reference));
  return inspectLocalImages(context.run, names, context.signal);
}

/**
 * Finds the images that a build takes from outside: in the engine's store first, as BuildKit does
 * on the docker driver without --pull, else in their registry. One that cannot be found is left
 * out; BuildKit then says so in its own words.
 */
export async function resolveImages(
  context: PipelineContext,
  registries: Registries,
  needed: readonly NeededImage[],
  options: {
    /** As `findLocalImages` gives them; none where the engine's store is not what is built from. */
    readonly local: readonly (LocalImage | undefined)[];
    readonly platform: Platform;
  },
): Promise<readonly FoundImage[]> {
  const images = needed.map(({ reference }) => ({ reference, name: formatReference(reference) }));
  const found = await Promise.all(
    images.map(async ({ reference, name }, i): Promise<FoundImage | undefined> => {
      const here = options.local[i];
      if (here !== undefined) return foundHere(reference, here);
      return imageOfRegistry(registries, reference, name, options.platform).catch(
        (error: unknown) => {
          context.signal.throwIfAborted();
          const why = error instanceof Error ? error.message : String(error);
          context.emit({
            kind: 'notice',
            text: `${name} was not resolved before the build: ${why}`,
          });
          return undefined;
        },
      );
    }),
  );
  return found.filter((image) => image !== undefined);
}

export function foundHere(reference: ImageReference, here: LocalImage): FoundImage {
  return {
    reference,
    name: formatReference(reference),
    digest: here.id,
    created: here.created,
    local: true,
    layers: here.layers,
  };
}

/** An image from its registry; undefined if it has none. Throws as the registry client does. */
export async function imageOfRegistry(
  registries: Registries,
  reference: ImageReference,
  name: string,
  platform: Platform,
): Promise<FoundImage | undefined> {
  const client = registries.reader(reference.registry);
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const root = await client.findManifest(reference.repository, wanted);
  if (root === undefined) return undefined;
  const { digest } = root.descriptor;
  const config = await configOf(client, reference.repository, root, platform);
  const alone = config === undefined ? undefined : platformName(config);
  return {
    reference,
    name,
    digest,
    created: config?.created,
    local: false,
    layers: config?.rootfs.diff_ids,
    platforms: platformsOf(root, alone),
  };
}

/** Each platform's manifest. Skips those without a platform, such as BuildKit's attestations. */
function platformsOf(root: Fetched, alone: string | undefined): ReadonlyMap<string, Digest> {
  const { mediaType, digest } = root.descriptor;
  if (!isIndex(mediaType)) return new Map(alone === undefined ? [] : [[alone, digest]]);
  return new Map(
    parseIndex(root.bytes, digest).manifests.flatMap((m): [string, Digest][] =>
      m.platform === undefined || m.platform.os === 'unknown'
        ? []
        : [[platformName(m.platform), m.digest]],
    ),
  );
}

type Fetched = Awaited<ReturnType<RegistryClient['getManifest']>>;

async function configOf(
  client: RegistryClient,
  repository: string,
  root: Fetched,
  platform: Platform,
): Promise<ReturnType<typeof parseImageConfig> | undefined> {
  const manifest = await platformManifest(client, repository, root, platform);
  if (manifest === undefined) return undefined;
  const { config } = parseManifest(manifest.bytes, manifest.descriptor.digest);
  const bytes = await wholeStream(client.getBlob(repository, config), MAX_DOCUMENT_BYTES);
  return bytes && parseImageConfig(bytes, config.digest);
}

async function platformManifest(
  client: RegistryClient,
  repository: string,
  root: Fetched,
  platform: Platform,
): Promise<Fetched | undefined> {
  if (!isIndex(root.descriptor.mediaType)) return root;
  const [match] = parseIndex(root.bytes, root.descriptor.digest)
    .manifests.flatMap((m) => {
      const [rank = Infinity] = m.platform === undefined ? [] : platformRanks(m.platform, platform);
      return rank === Infinity ? [] : [{ rank, digest: m.digest }];
    })
    .sort((a, b) => a.rank - b.rank);
  return match === undefined ? undefined : client.getManifest(repository, match.digest);
}
