import zlib from 'node:zlib';
import { DrivenZlib } from '../../formats/driven-zlib.ts';
import type { Decompressor, OnPlain } from './walk-decompressor.ts';
import { ZstdInThread } from './walk-zstd.ts';

type Compression = 'gzip' | 'zstd' | 'none';

/** Fits the processor's caches; with 16 KiB, zlib's default, a layer takes twice the time. */
const OUTPUT_BYTES = 256 * 1024;
/** What both ways to unpack gzip say of bytes behind its end. */
const BEHIND = 'incorrect header check: zeros behind the end of gzip';

/** How a layer is compressed, by its first four bytes, as engines decide it. */
export function compressionOf(head: Uint8Array): Compression {
  const [a = 0, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  // A frame to skip may stand in front (RFC 8878, 3.1.2).
  return (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18 ? 'zstd' : 'none';
}

/** Starts the decompressor. See `Decompressor` for chunk lifetime, `ZstdInThread` for `onLarge`. */
export function startDecompressor(
  compression: Compression,
  onPlain: OnPlain,
  onLarge?: () => void,
): Decompressor {
  switch (compression) {
    case 'none':
      return plain(onPlain);
    case 'gzip':
      return gzipInThread(onPlain) ?? gzipStream(onPlain);
    case 'zstd':
      return new ZstdInThread(onPlain, onLarge);
  }
}

function plain(onPlain: OnPlain): Decompressor {
  return {
    write: (chunk) => {
      onPlain(chunk);
      return undefined;
    },
    end: () => undefined,
    destroy: () => undefined,
  };
}

/**
 * Unpacks gzip in this thread, several members as one; undefined where this Node's zlib cannot be
 * driven so. Zeros behind the last member, which zlib and gzip ignore, are an error as in Go
 * (compress/gzip takes them for a header), so that containerd refuses the layer.
 */
export function gzipInThread(onPlain: OnPlain): Decompressor | undefined {
  const driven = DrivenZlib.of(zlib.createGunzip());
  if (driven === undefined) return undefined;
  const output = new Uint8Array(OUTPUT_BYTES);
  return {
    write: (chunk) => {
      if (driven.write(chunk, output, onPlain) > 0) throw new Error(BEHIND);
      return undefined;
    },
    end: () => {
      driven.finish(output, onPlain);
      return undefined;
    },
    destroy: () => {
      driven.destroy();
    },
  };
}

/** The same by Node's stream. */
export function gzipStream(onPlain: OnPlain): Decompressor {
  const stream = zlib.createGunzip({ chunkSize: OUTPUT_BYTES });
  let finished = false;
  let given = 0;
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
      onPlain(chunk);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    write: (chunk) => {
      given += chunk.length;
      if (finished) return undefined;
      // zlib never answers for a chunk that lies behind the end of the data: its end answers then.
      const taken = new Promise<void>((resolve) => {
        stream.write(chunk, () => {
          resolve();
        });
      });
      return Promise.race([taken, ended]);
    },
    end: async () => {
      if (!finished) stream.end();
      await ended;
      if (given > stream.bytesWritten) throw new Error(BEHIND);
    },
    destroy: () => stream.destroy(),
  };
}
