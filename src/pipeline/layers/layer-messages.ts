import type { Digest } from '../../model/digest.ts';
import type { FileRange } from '../../model/walk.ts';
import type { UnpackedBlob } from '../../oci/walk/walk-unpack.ts';

/** What a thread starts with. */
export interface UnpackThreadData {
  readonly slots: SharedArrayBuffer;
  /** Of all threads: the number of the one that may fill a large zstd window, 0 if it is nobody. */
  readonly turn: SharedArrayBuffer;
  /** The thread's number, from 1. */
  readonly id: number;
}

/** A layer to unpack, as plain data. Bytes that are in no file follow in blocks. */
export interface UnpackJob {
  readonly kind: 'unpack';
  readonly mediaType: string;
  readonly digest: Digest;
  /** The thread computes the diffID too. */
  readonly hashesPlain: boolean;
  readonly file: FileRange | undefined;
}

export type ToUnpackThread =
  | UnpackJob
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/**
 * A number: as many plain bytes are in the next slot. `taken`: a block was read, send another.
 * Errors keep no class between threads; `isUser` is for those of class UserError.
 */
export type FromUnpackThread =
  | number
  | { readonly kind: 'start'; readonly isHashed: boolean }
  | { readonly kind: 'taken' }
  | { readonly kind: 'done'; readonly unpacked: UnpackedBlob }
  | { readonly kind: 'failed'; readonly message: string; readonly isUser: boolean };

export const SLOT_BYTES = 256 * 1024;
const SLOTS = 8;

/** Memory through which one thread passes plain bytes to another; both count the slots. */
export class Slots {
  readonly shared: SharedArrayBuffer;
  /** How many slots have been read. */
  readonly #read: Int32Array;
  #turn = 0;

  constructor(shared = new SharedArrayBuffer(4 + SLOTS * SLOT_BYTES)) {
    this.shared = shared;
    this.#read = new Int32Array(shared, 0, 1);
  }

  /** Fills the next slot, waiting until it is free. Takes `SLOT_BYTES` at most. */
  write(bytes: Uint8Array): void {
    for (;;) {
      const read = Atomics.load(this.#read, 0);
      if (this.#turn - read < SLOTS) break;
      Atomics.wait(this.#read, 0, read);
    }
    // `set` moves shared memory one byte at a time.
    this.#next(bytes.length).fill(bytes);
  }

  /** Copies the next slot's bytes into `target`: memory that is not shared is read faster. */
  read(target: Buffer, length: number): void {
    target.fill(this.#next(length), 0, length);
    Atomics.store(this.#read, 0, this.#turn);
    Atomics.notify(this.#read, 0);
  }

  #next(length: number): Buffer {
    const at = 4 + (this.#turn % SLOTS) * SLOT_BYTES;
    this.#turn += 1;
    return Buffer.from(this.shared, at, length);
  }
}
