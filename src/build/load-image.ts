/* eslint-disable no-restricted-imports -- an image to a pipe, and blobs by digest into a layout */
import { createWriteStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileToWrite } from '../config/project-files.ts';
import { type DockerLoad, dockerLoadStream } from '../image/archive/docker-archive.ts';
import { BlobStore } from '../image/blob-store.ts';
import { replaceFile, writeBeside } from '../image/disk.ts';
import { namedEntries, reachable } from '../image/image-index.ts';
import { layoutEntries, mergedEntries } from '../image/layout/entries.ts';
import { openStored } from '../image/layout/open-layout.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { whileAlone } from '../image/owner.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import { type Digest, isDigest, parseReference } from '../model/reference.ts';
import { dockerLoad, inspectLocalImages, type LocalImage, tagImage } from './docker.ts';

export interface LoadRequest {
  readonly store: LayoutStore;
  readonly index: Descriptor;
  /** Full names; none loads the image without a tag. */
  readonly names: readonly string[];
  /** References of images whose layers this one starts with: layers the engine has are not sent. */
  readonly bases: readonly string[];
  /** What was asked while BuildKit worked. */
  readonly had?: Promise<Had | undefined> | undefined;
}

/** What Docker has. */
interface Had {
  readonly named: readonly (LocalImage | undefined)[];
  /** Of other images that we have too: the image may share them. */
  readonly blobs: ReadonlySet<Digest>;
  /** Diff IDs of the layers of other images. */
  readonly layers: ReadonlySet<string>;
}

/** Asks Docker, which takes 40 ms to answer. */
export async function imagesInDocker(
  { run, signal }: PipelineContext,
  { store, names, bases }: Pick<LoadRequest, 'store' | 'names' | 'bases'>,
): Promise<Had> {
  const before = await store.digestsOf(names);
  const found = await inspectLocalImages(run, [...names, ...bases, ...before], signal);
  const others = found.slice(names.length).filter((image) => image !== undefined);
  return {
    named: found.slice(0, names.length),
    blobs: await blobsOf(store, others),
    layers: new Set(others.flatMap(({ layers }) => layers)),
  };
}

/**
 * Loads an image into Docker. Nothing is sent where the engine has it under every name. Else a
 * stream without the blobs of images that the engine has: its base, and the image that had this
 * name before. The whole image is sent where the engine finds a blob missing. It is loaded without
 * a name, since engines move a tag before they know that an image runs. Each name is moved after
 * that, so that whatever fails, it means the old image or the new one. Throws UserError where
 * Docker refuses it.
 */
export async function loadImage(
  context: PipelineContext,
  request: LoadRequest,
): Promise<{ readonly already: boolean; readonly sentBytes: number }> {
  const { store, index, names } = request;
  const { run, signal } = context;
  const had = (await request.had) ?? (await imagesInDocker(context, request));
  const { platforms } = await openStored(store.blobs, index);
  // Docker's classic store knows an image by its configuration.
  const ids = [index.digest, ...platforms.map(({ manifest }) => manifest.config.digest)];
  const isIt = (image: LocalImage | undefined): boolean =>
    image !== undefined && ids.includes(image.id);
  // Another build may have moved a name since.
  const wanted = names.length > 0 ? names : [index.digest];
  if (had.named.every(isIt) && (await inspectLocalImages(run, wanted, signal)).every(isIt))
    return { already: true, sentBytes: 0 };
  const omit = new Set(had.blobs);
  for (const { layers } of platforms)
    for (const { blob, diffId } of layers) if (had.layers.has(diffId)) omit.add(blob.digest);
  let sentBytes = 0;
  const send = (without: ReadonlySet<Digest>): ReturnType<typeof dockerLoad> => {
    sentBytes = 0;
    const counted = async function* (): AsyncIterable<Uint8Array> {
      for await (const chunk of dockerLoadStream({
        blobs: store.blobs,
        manifests: [index],
        forClassic: platforms,
        omit: without,
        onTransfer: (transfer) => {
          context.emit({ kind: 'transfer', phase: 'load', ...transfer });
        },
      })) {
        sentBytes += chunk.length;
        yield chunk;
      }
    };
    return dockerLoad(run, counted(), signal);
  };
  let sent = await send(omit);
  if (omit.size > 0 && !sent.ok && sent.error.isMissing) sent = await send(new Set());
  if (!sent.ok)
    throw new UserError(`Docker did not take the image: ${sent.error.message}`, {
      nextStep: 'check the engine (docker info, free disk), then:  scoville load NAME',
    });
  const id = sent.value.find(isDigest) ?? index.digest;
  for (const name of names) await tagImage(run, id, name, signal);
  return { already: false, sentBytes };
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

/** The layers of images that we have too. */
async function blobsOf(
  store: LayoutStore,
  images: readonly LocalImage[],
): Promise<ReadonlySet<Digest>> {
  const found = new Set<Digest>();
  for (const id of new Set(images.map((image) => image.id)))
    for (const descriptor of (await store.lastOf(id))?.manifests ?? [])
      if (id === descriptor.digest)
        for (const { layers } of (await openStored(store.blobs, descriptor)).platforms)
          for (const { blob } of layers) found.add(blob.digest);
  return found;
}

interface ImageFile extends Pick<DockerLoad, 'blobs' | 'manifests' | 'forClassic' | 'onTransfer'> {
  /** `-` is stdout. */
  readonly path: string;
  readonly directory: boolean;
  readonly beside?: boolean;
}

const AT_ONCE = 4;

/** Writes an OCI archive (also for `docker load`) or a layout; files beside, then renamed. */
export async function writeImageFile(context: PipelineContext, file: ImageFile): Promise<void> {
  const target = resolve(context.cwd, file.path);
  try {
    if (file.directory) await writeLayout(context, file, target);
    else if (file.path === '-')
      await pipeline(Readable.from(dockerLoadStream(file)), process.stdout, { end: false });
    else await writeArchive(context, file, target);
  } catch (cause) {
    context.signal.throwIfAborted();
    const nextStep = cause instanceof UserError ? cause.nextStep : undefined;
    const more = { cause, ...given({ nextStep }) };
    throw new UserError(`${target} could not be written: ${messageOf(cause)}`, more);
  }
}

async function writeArchive(
  context: PipelineContext,
  file: ImageFile,
  target: string,
): Promise<void> {
  const { signal } = context;
  const place = await fileToWrite(target, context.cwd);
  const before = await stat(target).catch(() => undefined);
  const more = { mode: 0o666, before, sync: true };
  // A device or pipe (`dest=/dev/stdout`) is written to as it is: renaming would put a file in its
  // place.
  if (before?.isFile() === false)
    await pipeline(Readable.from(dockerLoadStream(file)), createWriteStream(target), { signal });
  else await replaceFile(place, (out) => writeFile(out, dockerLoadStream(file), { signal }), more);
}

/** Keeps existing blobs and writes the index last, so that the layout is whole before and after. */
async function writeLayout(context: PipelineContext, file: ImageFile, target: string) {
  for (const path of ['index.json', 'blobs/sha256/x'])
    await fileToWrite(join(target, path), context.cwd);
  const store = new BlobStore(join(target, 'blobs'));
  await makeFolders(join(target, 'blobs', 'sha256'));
  const graph = await reachable(file.blobs, file.manifests);
  await inParallel(graph.blobs, AT_ONCE, async (blob) => {
    context.signal.throwIfAborted();
    if ((await store.size(blob.digest)) !== blob.size) await copyBlob(file, blob, store);
  });
  for (const manifest of graph.manifests)
    await store.write(await file.blobs.readDocument(manifest));
  // Two that write into one folder each list what the other wrote.
  await whileAlone(join(target, '.index.lock'), context.signal, async () => {
    const before = file.beside === true ? await layoutEntries(target) : [];
    const manifests = await mergedEntries(store, before, file.manifests);
    await writeBeside(join(target, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeBeside(join(target, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  });
}

async function copyBlob(
  { blobs, onTransfer }: ImageFile,
  { digest, size, urls = [] }: Descriptor,
  store: BlobStore,
): Promise<void> {
  // A foreign layer stays where its urls say (image-spec, layer.md, "Non-Distributable Layers").
  if (urls.length > 0 && !(await blobs.has(digest))) return;
  const writer = await store.createWriter();
  try {
    let done = 0;
    for await (const chunk of blobs.openRead(digest, { size })) {
      await writer.write(chunk);
      done += chunk.length;
      onTransfer?.({ digest, done, total: size });
    }
    await writer.commit(digest);
  } finally {
    await writer.abort();
  }
}
