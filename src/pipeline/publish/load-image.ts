import { type Digest, isDigest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedPlatform } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import { dockerLoadStream } from '../../oci/archive/docker-archive.ts';
import { namedEntries } from '../../oci/image-index.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import { inspectLocalImages, type LocalImage, tagImage } from '../../tools/docker/docker-images.ts';
import { dockerLoad } from '../../tools/docker/docker-load.ts';
import type { PipelineContext } from '../context.ts';

interface LoadRequest {
  readonly store: LayoutStore;
  readonly index: Descriptor;
  /** Full names; none loads the image without a tag. */
  readonly names: readonly string[];
  /** References of images whose layers this one starts with: layers the engine has are not sent. */
  readonly bases: readonly string[];
}

interface LoadResult {
  readonly already: boolean;
  readonly sentBytes: number;
}

/**
 * Loads an image into Docker: nothing where the engine has it under every name; else a stream
 * without the blobs of images that the engine has now (its base, and what this name stood for
 * before); the whole where the engine finds one missing. It is loaded without a name, since engines
 * move a tag before they know that an image runs. Each name is moved after that, so that whatever
 * fails it means the old image or the new one. Throws UserError where Docker does not take it.
 */
export async function loadImage(
  context: PipelineContext,
  request: LoadRequest,
): Promise<LoadResult> {
  const { store, index, names } = request;
  const before = await previousDigests(request);
  const asked = [...(names.length > 0 ? names : [index.digest]), ...request.bases, ...before];
  const images = await inspectLocalImages(context.run, asked, context.signal);
  const wanted = images.slice(0, Math.max(names.length, 1));
  const { platforms } = await openStored(store.blobs, index);
  // Docker's classic store knows an image by its configuration.
  const ids = [index.digest, ...platforms.map(({ manifest }) => manifest.config.digest)];
  const isIt = (image: LocalImage | undefined): boolean =>
    image !== undefined && ids.includes(image.id);
  if (wanted.every(isIt)) return { already: true, sentBytes: 0 };
  const others = images.slice(wanted.length).filter((image) => image !== undefined);
  const omit = await blobsOf(
    store,
    others.map(({ id }) => id),
    others.flatMap(({ layers }) => layers),
    platforms,
  );
  let sent = await send(context, request, platforms, omit);
  if (omit.size > 0 && !sent.result.ok && sent.result.error.isMissing)
    sent = await send(context, request, platforms, new Set());
  if (!sent.result.ok) throw loadError(sent.result.error.message);
  const id = sent.result.value.find(isDigest) ?? index.digest;
  for (const [i, name] of names.entries())
    if (!isIt(wanted[i])) await tagImage(context.run, id, name, context.signal);
  return { already: false, sentBytes: sent.bytes };
}

async function send(
  context: PipelineContext,
  { store, index }: LoadRequest,
  platforms: readonly OpenedPlatform[],
  omit: ReadonlySet<Digest>,
): Promise<{ readonly bytes: number; readonly result: Awaited<ReturnType<typeof dockerLoad>> }> {
  let bytes = 0;
  const counted = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of dockerLoadStream({
      blobs: store.blobs,
      manifests: [index],
      forClassic: platforms,
      omit,
      onTransfer: (transfer) => {
        context.emit({ kind: 'transfer', phase: 'load', ...transfer });
      },
    })) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  const result = await dockerLoad(context.run, counted(), context.signal);
  return { bytes, result };
}

/** The entries that an index.json has for the image's names, in full and with the short tag. */
export function entries(index: Descriptor, names: readonly string[]): readonly Descriptor[] {
  return namedEntries(
    index,
    names.map((full) => {
      const reference = parseReference(full);
      return { full, tag: (reference.ok ? reference.value.tag : undefined) ?? 'latest' };
    }),
  );
}

/** What the names stood for in earlier builds of this store. */
async function previousDigests({ store, names, index }: LoadRequest): Promise<readonly Digest[]> {
  const found = await Promise.all(names.map((name) => store.findByName(name)));
  return [...new Set(found.flatMap((f) => (f === undefined ? [] : [f.descriptor.digest])))].filter(
    (digest) => digest !== index.digest,
  );
}

/**
 * Blobs that the engine has: those of the images of our store that it holds under the same digest,
 * and those layers of the new image whose diffIDs its base images start with.
 */
async function blobsOf(
  store: LayoutStore,
  ids: readonly Digest[],
  baseDiffIds: readonly Digest[],
  platforms: readonly OpenedPlatform[],
): Promise<ReadonlySet<Digest>> {
  const omit = new Set<Digest>();
  for (const build of await store.builds())
    for (const descriptor of build.manifests)
      if (ids.includes(descriptor.digest))
        for (const { layers } of (await openStored(store.blobs, descriptor)).platforms)
          for (const { blob } of layers) omit.add(blob.digest);
  const bases = new Set(baseDiffIds);
  for (const { layers } of platforms)
    for (const { blob, diffId } of layers) if (bases.has(diffId)) omit.add(blob.digest);
  return omit;
}

function loadError(message: string): UserError {
  return new UserError(`Docker did not take the image: ${message}`, {
    nextStep: 'check the engine (docker info, free disk), then:  scoville load NAME',
  });
}
