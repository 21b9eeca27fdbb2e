import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import { UserError } from '../model/errors.ts';

/** Takes compressed bytes and hands the plain ones to the callback it was started with. */
export interface Decompressor {
  /** Resolves when the chunk has been taken in. Rejects where the bytes are malformed or the callback threw. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when all has been handed out. */
  end(): Promise<void>;
  /** Gives up at once. */
  destroy(): void;
}

export type StartDecompressor = (onChunk: (chunk: Uint8Array) => void) => Decompressor;

export type Compression = 'gzip' | 'zstd' | 'none';

/** Large pieces halve the time of a whole layer against zlib's default of 16 KiB. */
const OUTPUT_CHUNK = 512 * 1024;

/** How a layer is compressed, told by its first bytes, as the engines do. */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

/**
 * The decompressor for `compression`. zstd comes from `zstd` where given, else from Node where its zlib has it (22.15, 23.8 and
 * up); throws UserError where neither is there.
 */
export function startDecompressor(
  compression: Compression,
  onChunk: (chunk: Uint8Array) => void,
  zstd?: StartDecompressor,
): Decompressor {
  if (compression === 'none') return plain(onChunk);
  if (compression === 'gzip')
    return streamDecompressor(zlib.createGunzip({ chunkSize: OUTPUT_CHUNK }), onChunk);
  if (zstd !== undefined) return zstd(onChunk);
  const ofNode = nodeZstd();
  if (ofNode === undefined)
    throw new UserError('a layer is compressed with zstd, which this Node cannot read', {
      nextStep: 'Install zstd (apt-get install zstd), or use Node 22.15 or newer.',
    });
  return streamDecompressor(ofNode, onChunk);
}

function nodeZstd(): Duplex | undefined {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  return typeof create === 'function'
    ? (create.call(zlib, { chunkSize: OUTPUT_CHUNK }) as Duplex)
    : undefined;
}

function plain(onChunk: (chunk: Uint8Array) => void): Decompressor {
  return {
    write: (chunk) => {
      onChunk(chunk);
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
    destroy: () => undefined,
  };
}

/** Drives a transform stream; bytes behind the end of the compressed data are let go, as gzip does. */
export function streamDecompressor(
  stream: Duplex,
  onChunk: (chunk: Uint8Array) => void,
): Decompressor {
  let finished = false;
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.once('end', () => {
      finished = true;
      resolve();
    });
    stream.once('close', () => {
      reject(new Error('the decompressor was closed'));
    });
  });
  ended.catch(() => undefined);
  stream.on('data', (chunk: Uint8Array) => {
    try {
      onChunk(chunk);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    write: (chunk) => {
      if (finished) return Promise.resolve();
      // zlib never answers for a chunk that lies behind the end of the data: its end answers then.
      const taken = new Promise<void>((resolve) => {
        stream.write(chunk, () => {
          resolve();
        });
      });
      return Promise.race([taken, ended]);
    },
    end: () => {
      if (!finished) stream.end();
      return ended;
    },
    destroy: () => stream.destroy(),
  };
}
