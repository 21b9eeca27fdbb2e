import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import type { Platform } from '../../model/oci.ts';
import type { ImagePlace, OpenedImage } from '../../model/opened-image.ts';
import { documentsOf, type ReadDocument } from '../blobs/blob-source.ts';
import { readLayoutIndex } from '../layout/layout-choice.ts';
import { checkVersion, openBlobImage, openFromIndex } from '../layout/open-layout.ts';
import { compressionOf } from '../walk/decompress.ts';
import { archiveBlobs, ArchiveFiles } from './archive-blobs.ts';
import { readEntries } from './archive-entries.ts';
import { checkSavedAgrees, readDockerSaved } from './docker-save-form.ts';
import { openRandomFile, RandomFile } from './random-file.ts';
import { isTar, notATar, spoolAll, startSpool } from './spool.ts';

export interface ArchiveOptions {
  readonly name: string;
  /** Name, tag or digest of the image in it; its only one where not given. */
  readonly wanted?: string | undefined;
  readonly platform?: Platform | undefined;
  /** A folder that a compressed archive, or one from a pipe, is kept in while it is open. */
  readonly spoolDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an OCI layout or what `docker save` wrote, as a tar archive on disk: compressed ones are
 * unpacked into the spool first, the others are read where they lie. Throws UserError.
 */
export async function openArchiveFile(path: string, options: ArchiveOptions): Promise<OpenedImage> {
  const file = await openRandomFile(path);
  if (!(file instanceof RandomFile)) return openArchiveStream(pipeOf(file), options);
  const head = await file.read(0, 512);
  if (compressionOf(head) !== 'none') {
    const plain = await spooled(file.stream(0, file.size), options).finally(() => file.close());
    return openSpooled(plain, options);
  }
  if (isTar(head)) return openSpooled(file, options);
  await file.close();
  throw notATar(options.name);
}

/** The same from a pipe. */
export async function openArchiveStream(
  content: AsyncIterable<Uint8Array>,
  options: ArchiveOptions,
): Promise<OpenedImage> {
  return openSpooled(await spooled(content, options), options);
}

async function spooled(
  content: AsyncIterable<Uint8Array>,
  { spoolDir, name, signal }: ArchiveOptions,
): Promise<RandomFile> {
  return spoolAll(await startSpool(spoolDir, name), content, signal);
}

async function openSpooled(file: RandomFile, options: ArchiveOptions): Promise<OpenedImage> {
  try {
    return await openArchive(file, options, 'archive');
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens an archive by its index. Closing the image closes the file; an error leaves it open. */
export async function openArchive(
  file: RandomFile,
  options: Omit<ArchiveOptions, 'spoolDir'>,
  place: ImagePlace,
): Promise<OpenedImage> {
  const { name, wanted, platform } = options;
  const files = new ArchiveFiles(file, await readEntries(file, name), name);
  const saved = await files.document('manifest.json');
  const whole = {
    name,
    place,
    close: () => file.close(),
    withoutAttachments: saved === undefined ? undefined : withoutAttachments(place),
  };
  const image = { ...whole, platform };
  const bytes = await files.document('index.json');
  const index = bytes === undefined ? undefined : readLayoutIndex(bytes, name);
  // Docker 25 lists an image without a name in manifest.json alone.
  if (index !== undefined && (index.entries.length > 0 || saved === undefined)) {
    checkVersion(await files.document('oci-layout'), name);
    const blobs = archiveBlobs(files);
    const layout = { index, blobs, wanted };
    if (saved !== undefined && place === 'archive') {
      const { root, platforms } = await openFromIndex({ ...whole, ...layout });
      const configs = new Set(platforms.map(({ manifest }) => manifest.config.digest));
      const chosen = { entries: index.entries, root: root.digest, configs };
      await checkSavedAgrees(files, saved, wanted, chosen);
    }
    return openFromIndex({ ...image, ...layout });
  }
  if (saved === undefined) throw await unknownForm(files);
  const { root, manifest, config, configDigest, known } = await readDockerSaved(
    files,
    saved,
    wanted,
  );
  const blobs = archiveBlobs(files, known);
  const documents = new Map([
    [root.digest, manifest],
    [configDigest, config],
  ]);
  const fromBlobs = documentsOf(blobs);
  const read: ReadDocument = async (descriptor, cap) =>
    documents.get(descriptor.digest) ?? fromBlobs(descriptor, cap);
  return openBlobImage({ ...image, blobs, root, entries: [], read, hasNoManifest: true });
}

function withoutAttachments(place: ImagePlace): string {
  return place === 'engine'
    ? "Docker's store keeps no signatures and only BuildKit's attestations; the registry has them"
    : 'an archive of docker save keeps no signatures; the registry has them';
}

async function unknownForm(files: ArchiveFiles): Promise<UserError> {
  const { name } = files;
  if ((await files.document('repositories')) !== undefined)
    return new UserError(`${name} is in the form of Docker before 1.10, without manifest.json`, {
      nextStep: 'Load it into Docker and save it again.',
    });
  return new UserError(`${name} is neither an OCI layout nor what docker save writes`, {
    nextStep: 'It needs index.json with oci-layout, or manifest.json, at its root.',
  });
}

async function* pipeOf(handle: FileHandle): AsyncIterable<Uint8Array> {
  const stream = handle.createReadStream({ highWaterMark: 256 * 1024 });
  for await (const chunk of stream) yield chunk as Uint8Array;
}
