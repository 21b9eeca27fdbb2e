import { constants, createWriteStream } from 'node:fs';
import { copyFile, mkdir, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestHex } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { dockerLoadStream } from '../../oci/archive/docker-archive.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { temporaryPath } from '../../oci/blobs/disk.ts';
import { replaceFile, writeBeside } from '../../oci/blobs/replace-file.ts';
import { reachable } from '../../oci/layout/reachable.ts';
import type { PipelineContext } from '../context.ts';

/** An image as `--output type=oci,dest=` asks for it. */
interface ImageFile {
  readonly blobs: BlobStore;
  /** Entries for index.json, named. */
  readonly manifests: readonly Descriptor[];
  /** `-` is stdout. */
  readonly path: string;
  /** A layout directory (`tar=false`) in place of an archive. */
  readonly directory: boolean;
}

/** Writes the image as an OCI archive, which `docker load` reads as well, or as a layout directory; beside, then renamed. */
export async function writeImageFile(context: PipelineContext, file: ImageFile): Promise<void> {
  const target = resolve(context.cwd, file.path);
  try {
    if (file.directory) await writeLayout(file, target);
    else if (file.path === '-')
      await pipeline(Readable.from(dockerLoadStream(file)), process.stdout, { end: false });
    else await writeArchive(context, file, target);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw new UserError(`${target} could not be written: ${messageOf(cause)}`, { cause });
  }
}

async function writeArchive(
  context: PipelineContext,
  file: ImageFile,
  target: string,
): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  // A device or pipe (`dest=/dev/stdout`) is written to as it is: renaming would put a file in its place.
  if (there !== undefined && !there.isFile()) {
    await pipeline(Readable.from(dockerLoadStream(file)), createWriteStream(target), {
      signal: context.signal,
    });
    return;
  }
  // A link stays one: `/dev/stdout` is, and leads to a file where stdout goes into that.
  const place = there === undefined ? target : await realpath(target);
  const { signal } = context;
  await replaceFile(place, (out) => writeFile(out, dockerLoadStream(file), { signal }), {
    mode: 0o666,
    before: there,
    sync: true,
  });
}

/** Blobs that are there stay; the index comes last, so that the folder is a whole layout before and after. */
async function writeLayout({ blobs, manifests }: ImageFile, target: string): Promise<void> {
  const folder = join(target, 'blobs', 'sha256');
  await mkdir(folder, { recursive: true });
  const graph = await reachable(blobs, manifests);
  for (const { digest } of [...graph.blobs, ...graph.manifests]) {
    const beside = temporaryPath(folder);
    await copyFile(blobs.path(digest), beside, constants.COPYFILE_EXCL);
    await rename(beside, join(folder, digestHex(digest)));
  }
  await writeBeside(join(target, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeBeside(join(target, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}
