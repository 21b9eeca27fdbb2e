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
 * Keeps an archive that can be read only once, unpacked, in a file of mode 0600. The file has no
 * name any more once it is filled, so nothing is left however this process ends.
 */
class Spool {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #name: string;
  readonly #unpacker: Unpacker;
  readonly #ready: Uint8Array[] = [];
  #first: Uint8Array | undefined = new Uint8Array(0);
  #isEmpty = true;

  constructor(file: FileHandle, path: string, name: string, limits: UnpackLimits) {
    this.#file = file;
    this.#path = path;
    this.#name = name;
    this.#unpacker = new Unpacker(name, limits, (plain) => {
      this.#check(plain);
      this.#ready.push(plain.slice());
    });
  }

  /** Takes the next bytes. Throws UserError if not a tar or too large, or the disk is full. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#isEmpty = false;
    for (let at = 0; at < chunk.length; at += INPUT_PIECE)
      await this.#unpack(() => this.#unpacker.push(chunk.subarray(at, at + INPUT_PIECE)));
  }

  async finish(): Promise<RandomFile> {
    if (this.#isEmpty) throw new UserError(`${this.#name}: nothing came`);
    await this.#unpack(() => this.#unpacker.finish());
    if (this.#first !== undefined) throw notATar(this.#name);
    return new RandomFile(this.#file, this.#unpacker.plainBytes);
  }

  async discard(): Promise<void> {
    this.#unpacker.destroy();
    await this.#file.close();
  }

  async #unpack(step: () => Promise<void> | undefined): Promise<void> {
    try {
      await step();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw new UserError(`${this.#name} cannot be unpacked: ${messageOf(cause)}`, { cause });
    }
    try {
      for (const chunk of this.#ready.splice(0)) await this.#file.writeFile(chunk);
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  #check(chunk: Uint8Array): void {
    if (this.#first === undefined) return;
    this.#first = Buffer.concat([this.#first, chunk.subarray(0, BLOCK)]);
    if (this.#first.length < BLOCK) return;
    // Checked early: other input must not fill the disk.
    if (!isTar(this.#first)) throw notATar(this.#name);
    this.#first = undefined;
  }
}

/** Makes the file, in `folder`, and takes its name away. `name` is for errors. */
async function startSpool(
  folder: string,
  name: string,
  limits: Partial<UnpackLimits>,
): Promise<Spool> {
  await makeFolder(folder);
  const path = temporaryPath(folder);
  // eslint-disable-next-line no-restricted-syntax -- a temporary file of ours
  const file = await open(path, 'wx+', 0o600).catch((error: unknown) => {
    throw diskError(error, path);
  });
  await rm(path, { force: true });
  return new Spool(file, path, name, { ...UNPACK_LIMITS, ...limits });
}

/** A spool of what `fill` writes. Where that fails, nothing is left. */
export async function spooledBy(
  folder: string,
  name: string,
  fill: (take: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
  limits: Partial<UnpackLimits> = {},
): Promise<RandomFile> {
  const spool = await startSpool(folder, name, limits);
  try {
    await fill((chunk) => spool.write(chunk));
    return await spool.finish();
  } catch (error) {
    await spool.discard();
    throw error;
  }
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
