import { createWriteStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolders } from '../../lib/make-folders.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { Content } from '../../model/opened-image.ts';
import { dockerLoadStream } from '../../oci/archive/docker-archive.ts';
import { BlobStore } from '../../oci/blobs/blob-store.ts';
import { replaceFile, writeBeside } from '../../oci/blobs/replace-file.ts';
import { layoutEntries, mergedEntries } from '../../oci/layout/merged-entries.ts';
import { whileAlone } from '../../oci/layout/owner.ts';
import { reachable } from '../../oci/layout/reachable.ts';
import type { PipelineContext } from '../context.ts';
import { fileToWrite } from '../place-to-write.ts';

/** An image as `--output type=oci,dest=` asks for it. */
interface ImageFile {
  readonly blobs: Content;
  /** Entries for index.json, named. */
  readonly manifests: readonly Descriptor[];
  /** `-` is stdout. */
  readonly path: string;
  /** A layout directory (`tar=false`) in place of an archive. */
  readonly directory: boolean;
  /** What a layout directory lists stays listed. */
  readonly beside?: boolean;
  readonly onTransfer?: (transfer: {
    readonly digest: Digest;
    readonly done: number;
    readonly total: number;
  }) => void;
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
    throw new UserError(`${target} could not be written: ${messageOf(cause)}`, {
      cause,
      ...(nextStep === undefined ? {} : { nextStep }),
    });
  }
}

async function writeArchive(
  context: PipelineContext,
  file: ImageFile,
  target: string,
): Promise<void> {
  const place = await fileToWrite(target, context.cwd);
  const there = await stat(target).catch(() => undefined);
  // A device or pipe (`dest=/dev/stdout`) is written to as it is: renaming would put a file in its
  // place.
  if (there !== undefined && !there.isFile()) {
    await pipeline(Readable.from(dockerLoadStream(file)), createWriteStream(target), {
      signal: context.signal,
    });
    return;
  }
  const { signal } = context;
  await replaceFile(place, (out) => writeFile(out, dockerLoadStream(file), { signal }), {
    mode: 0o666,
    before: there,
    sync: true,
  });
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
