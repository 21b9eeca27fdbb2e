import { type FileHandle, open, rm } from 'node:fs/promises';
import { messageOf, UserError } from '../../lib/errors.ts';
import { diskError, makeFolder, temporaryPath } from '../disk.ts';
import { latin1, parseHeader } from '../tar/tar-header.ts';
import { UNPACK_LIMITS, Unpacker, type UnpackLimits } from '../walk/unpack-layer.ts';
import { RandomFile } from './archive-files.ts';

/** A piece of input can unpack to about a thousand times its size, all in memory. */
const INPUT_PIECE = 32 * 1024;
const BLOCK = 512;

/**
 * What `fill` writes, an archive that can be read only once: unpacked, in a file of mode 0600 in
 * `folder`. The file has no name any more once it is filled, so nothing is left however this
 * process ends. Throws UserError if it is not a tar or too large, or the disk is full; `name` is
 * for these.
 */
export async function spooledBy(
  folder: string,
  name: string,
  fill: (take: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
  limits: Partial<UnpackLimits> = {},
): Promise<RandomFile> {
  const { file, path } = await namelessFile(folder);
  const ready: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(0);
  const unpacker = new Unpacker(name, { ...UNPACK_LIMITS, ...limits }, (plain) => {
    // Checked early: other input must not fill the disk.
    if (head.length < BLOCK) {
      head = Buffer.concat([head, plain.subarray(0, BLOCK)]);
      if (head.length >= BLOCK && !isTar(head)) throw notATar(name);
    }
    ready.push(plain.slice());
  });
  const unpack = async (step: () => Promise<void> | undefined): Promise<void> => {
    try {
      await step();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw new UserError(`${name} cannot be unpacked: ${messageOf(cause)}`, { cause });
    }
    for (const chunk of ready.splice(0))
      await file.writeFile(chunk).catch((error: unknown) => {
        throw diskError(error, path);
      });
  };
  let calls = 0;
  try {
    await fill(async (chunk) => {
      calls += 1;
      for (let at = 0; at < chunk.length; at += INPUT_PIECE)
        await unpack(() => unpacker.push(chunk.subarray(at, at + INPUT_PIECE)));
    });
    if (calls === 0) throw new UserError(`${name}: nothing came`);
    await unpack(() => unpacker.finish());
    if (head.length < BLOCK) throw notATar(name);
    return new RandomFile(file, unpacker.plainBytes);
  } catch (error) {
    unpacker.destroy();
    await file.close();
    throw error;
  }
}

/** `path` is for errors: the file's name until it was removed. */
async function namelessFile(
  folder: string,
): Promise<{ readonly file: FileHandle; readonly path: string }> {
  await makeFolder(folder);
  const path = temporaryPath(folder);
  // eslint-disable-next-line no-restricted-syntax -- a temporary file of ours
  const file = await open(path, 'wx+', 0o600).catch((error: unknown) => {
    throw diskError(error, path);
  });
  await rm(path, { force: true });
  return { file, path };
}

/** How bzip2 and xz begin. Docker unpacks these, so to it such a tar is another archive. */
const UNPACKED_BY_DOCKER = /^(?:BZh|\xfd7zXZ\0)/;

/** True where the bytes begin with a tar header, for every reader. */
export function isTar(head: Uint8Array): boolean {
  if (UNPACKED_BY_DOCKER.test(latin1(head.subarray(0, 6)))) return false;
  try {
    parseHeader(head.subarray(0, BLOCK));
    return head.length >= BLOCK;
  } catch {
    return false;
  }
}

export function notATar(name: string): UserError {
  return new UserError(`${name} is not a tar archive`, {
    nextStep: 'Name an OCI layout, or an archive that `docker save` or an OCI tool wrote.',
  });
}
