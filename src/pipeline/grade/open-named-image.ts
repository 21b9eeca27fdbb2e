import { ToolError, UserError } from '../../model/errors.ts';
import type { Platform } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { type ImageName, parseImageName } from '../../oci/image-source.ts';
import { openCache } from '../../oci/layout/caches.ts';
import { openStore } from '../../oci/layout/layout-store.ts';
import { openImage, type OpenOptions } from '../../oci/open-image.ts';
import { localImages } from '../../tools/docker/docker-save.ts';
import type { PipelineContext } from '../context.ts';
import type { Registries } from '../registries.ts';

const SCHEMA = 1;

interface OpenRequest {
  /** As the user typed it. */
  readonly text: string;
  readonly platform?: Platform;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Look up what hangs on an image of Docker's store in its registry, unless `offline`. */
  readonly published?: { readonly offline: boolean };
}

/**
 * Opens what the user named, wherever it lies: Docker's store first, then what builds left in the
 * layout, then the registry. An image of Docker's store that this tool built is read from the
 * layout, where its signatures are. The caller closes it. Throws UserError.
 */
export async function openNamedImage(
  context: PipelineContext,
  registries: Registries,
  { text, platform, stdin, published }: OpenRequest,
): Promise<OpenedImage> {
  const options: OpenOptions = {
    order: ['engine', 'store', 'registry'],
    client: (registry) => registries.reader(registry),
    engine: localImages(context.run, context.signal),
    store: () => openStore(context.paths.store, context.now),
    stdin: () => stdin,
    spoolDir: `${context.paths.cache}/spool`,
    documents: openCache(context, 'documents', SCHEMA),
    signal: context.signal,
    ...(platform === undefined ? {} : { platform }),
  };
  const name = await parseImageName(text, context.cwd);
  const own = await fromOwnBuild(name, options);
  if (own !== undefined) return own;
  const image = await openImage(name, options);
  return published === undefined
    ? image
    : withRegistryAttachments(image, name, options, published.offline);
}

/** The same image in the layout of builds, by Docker's digest; undefined if not one of ours. */
async function fromOwnBuild(
  name: ImageName,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  if (name.place !== 'named') return undefined;
  // An engine that does not answer is reported by what needs it.
  const found = await options.engine.find(name.text).catch((error: unknown) => {
    if (error instanceof UserError || error instanceof ToolError) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const store = await options.store();
  const builds = await store.builds(found.id);
  const known = builds.some(({ manifests }) => manifests.some((m) => m.digest === found.id));
  if (!known) return undefined;
  const { registry, repository } = name.reference;
  const reference = { registry, repository, digest: found.id };
  return openImage({ place: 'store', text: name.text, reference }, options);
}

/**
 * An image of Docker's store with the signatures and attestations of the same digest in the
 * registry of its name, so that it is judged as there: Docker keeps none. A name without a host is
 * not asked for: it may be of this machine alone. Where they were not looked up,
 * `withoutAttachments` says why.
 */
async function withRegistryAttachments(
  image: OpenedImage,
  name: ImageName,
  options: OpenOptions,
  offline: boolean,
): Promise<OpenedImage> {
  const { withoutAttachments, ...local } = image;
  if (withoutAttachments === undefined || name.place !== 'named') return image;
  const { registry, repository } = name.reference;
  if (!name.text.startsWith(`${registry}/`)) return image;
  if (offline) return without(image, `${registry} was not asked (offline)`);
  const { digest } = image.root;
  const reference = { registry, repository, digest };
  const text = `${registry}/${repository}@${digest}`;
  let published: OpenedImage;
  try {
    published = await openImage({ place: 'registry', text, reference }, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return without(image, error.message);
  }
  return {
    ...local,
    attachments: published.attachments,
    readBlob: published.readBlob,
    attachedAt: registry,
    close: async () => {
      await Promise.all([image.close(), published.close()]);
    },
  };
}

function without(image: OpenedImage, why: string): OpenedImage {
  const reason = `Docker does not store signatures, and ${why}`;
  return {
    ...image,
    withoutAttachments: reason,
    attachments: async () => ({
      complete: false,
      found: (await image.attachments()).found,
      reason,
    }),
  };
}
