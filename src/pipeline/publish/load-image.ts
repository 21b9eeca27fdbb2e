import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { parseReference } from '../../model/reference.ts';
import { dockerLoadStream } from '../../oci/archive/docker-archive.ts';
import { namedEntries } from '../../oci/image-index.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import { inspectLocalImages } from '../../tools/docker/docker-images.ts';
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
 * before); the whole where the engine finds one missing. Throws UserError where it does not take
 * it; no name is left on an image that does not run.
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
  if (wanted.every((image) => image?.id === index.digest)) return { already: true, sentBytes: 0 };
  const omit = await blobsOf(
    store,
    images.slice(wanted.length).flatMap((image) => (image === undefined ? [] : [image.id])),
    images.slice(wanted.length).flatMap((image) => image?.layers ?? []),
    index,
  );
  const sent = await send(context, request, omit);
  if (typeof sent === 'number') return { already: false, sentBytes: sent };
  if (omit.size > 0 && sent.kind === 'missing-content') {
    const again = await send(context, request, new Set());
    if (typeof again === 'number') return { already: false, sentBytes: again };
    await untag(context, names);
    throw loadError(again.message);
  }
  await untag(context, names);
  throw loadError(sent.message);
}

async function send(
  context: PipelineContext,
  { store, index, names }: LoadRequest,
  omit: ReadonlySet<Digest>,
): Promise<number | { readonly kind: string; readonly message: string }> {
  let sent = 0;
  const counted = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of dockerLoadStream({
      blobs: store.blobs,
      manifests: entries(index, names),
      omit,
      onTransfer: (transfer) => {
        context.emit({ kind: 'transfer', phase: 'load', ...transfer });
      },
    })) {
      sent += chunk.length;
      yield chunk;
    }
  };
  const result = await dockerLoad(context.run, counted(), context.signal);
  return result.ok ? sent : result.error;
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
  index: Descriptor,
): Promise<ReadonlySet<Digest>> {
  const omit = new Set<Digest>();
  for (const build of await store.builds())
    for (const descriptor of build.manifests)
      if (ids.includes(descriptor.digest))
        for (const { layers } of (await openStored(store.blobs, descriptor)).platforms)
          for (const { blob } of layers) omit.add(blob.digest);
  const bases = new Set(baseDiffIds);
  for (const { layers } of (await openStored(store.blobs, index)).platforms)
    for (const { blob, diffId } of layers) if (bases.has(diffId)) omit.add(blob.digest);
  return omit;
}

async function untag(context: PipelineContext, names: readonly string[]): Promise<void> {
  if (names.length > 0)
    await context.run({
      command: 'docker',
      args: ['rmi', '--no-prune', ...names],
      timeoutMs: 30_000,
    });
}

function loadError(message: string): UserError {
  return new UserError(`Docker did not take the image: ${message}`, {
    nextStep: 'check the engine (docker info, free disk), then:  scoville load NAME',
  });
}
