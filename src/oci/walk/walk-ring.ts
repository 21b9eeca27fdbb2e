import { setImmediate } from 'node:timers/promises';
import { type Digest, parseDigest } from '../../model/digest.ts';
import type { PlainSink, UnpackedBlob } from './walk-unpack.ts';

const SLOTS = 8;
const SLOT_BYTES = 256 * 1024;
const DIGEST_BYTES = 71;

/**
 * Numbers at the head of the shared memory, then the length of each slot. WRITTEN is twice the
 * slots written, plus 1 once there are all.
 */
const WRITTEN = 0;
const READ = 1;
const STATE = 2;
const HASHED = 3;
const LENGTHS = 4;
const HEAD_BYTES = 4 * (LENGTHS + SLOTS);

const OPEN = 0;
const ENDED = 1;
const FAILED = 2;
const ABANDONED = 3;

/** The thread that unpacks has failed. */
export class UnpackingFailed extends Error {
  override readonly name = 'UnpackingFailed';
}

/** The thread that reads wants no more. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** Memory through which one thread hands a layer's plain bytes to another. */
export function newRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + 2 * DIGEST_BYTES + SLOTS * SLOT_BYTES);
}

class Ring {
  protected readonly head: Int32Array;
  /** The digest of the blob, and behind it the diffID. */
  protected readonly digests: Uint8Array;
  readonly #shared: SharedArrayBuffer;

  constructor(shared: SharedArrayBuffer) {
    this.head = new Int32Array(shared, 0, LENGTHS + SLOTS);
    this.digests = new Uint8Array(shared, HEAD_BYTES, 2 * DIGEST_BYTES);
    this.#shared = shared;
  }

  /** First bytes of a slot. Copy with `fill`: `set` moves shared memory one byte at a time. */
  protected slot(turn: number, length: number): Buffer {
    const at = HEAD_BYTES + 2 * DIGEST_BYTES + (turn % SLOTS) * SLOT_BYTES;
    return Buffer.from(this.#shared, at, length);
  }

  protected set(index: number, value: number): void {
    Atomics.store(this.head, index, value);
    Atomics.notify(this.head, index);
  }
}

/** The side that unpacks. */
export class PlainWriter extends Ring implements PlainSink {
  #turn = 0;

  start(isHashed: boolean): void {
    Atomics.store(this.head, HASHED, isHashed ? 1 : 0);
  }

  /** Waits for a free slot. Throws Abandoned where the other side has given up. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += SLOT_BYTES) {
      const part = chunk.subarray(at, at + SLOT_BYTES);
      this.#waitForSlot();
      this.slot(this.#turn, part.length).fill(part);
      this.head[LENGTHS + (this.#turn % SLOTS)] = part.length;
      this.#turn += 1;
      this.set(WRITTEN, this.#turn * 2);
    }
  }

  end({ digest, diffId = digest }: UnpackedBlob): void {
    this.digests.set(Buffer.from(digest + diffId, 'latin1'));
    this.#close(ENDED);
  }

  fail(): void {
    this.#close(FAILED);
  }

  #close(state: number): void {
    Atomics.compareExchange(this.head, STATE, OPEN, state);
    this.set(WRITTEN, this.#turn * 2 + 1);
  }

  #waitForSlot(): void {
    for (;;) {
      const read = Atomics.load(this.head, READ);
      if (Atomics.load(this.head, STATE) === ABANDONED) throw new Abandoned();
      if (this.#turn - read < SLOTS) return;
      Atomics.wait(this.head, READ, read);
    }
  }
}

/** The side that reads. */
export class PlainReader extends Ring {
  #turn = 0;
  #isStarted = false;
  /** Whoever copies a part of it is faster on memory that is not shared. */
  readonly #own = new Uint8Array(SLOT_BYTES);
  readonly #fill = Buffer.from(this.#own.buffer);

  /** Passes all bytes to `sink`; gives digests. Throws UnpackingFailed if the other side failed. */
  readInto(sink: PlainSink): UnpackedBlob {
    for (;;) {
      const unpacked = this.#readSome(sink);
      if (unpacked !== undefined) return unpacked;
      Atomics.wait(this.head, WRITTEN, this.#turn * 2);
    }
  }

  /** The same in the main thread, which does not wait and lets others have their turn. */
  async readBetween(sink: PlainSink): Promise<UnpackedBlob> {
    for (;;) {
      const unpacked = this.#readSome(sink);
      if (unpacked !== undefined) return unpacked;
      await setImmediate();
      await Atomics.waitAsync(this.head, WRITTEN, this.#turn * 2).value;
    }
  }

  /** Tells the other side to stop. */
  abandon(): void {
    Atomics.store(this.head, STATE, ABANDONED);
    this.set(READ, -1);
  }

  /** Hands over what is there; undefined where more is to come. */
  #readSome(sink: PlainSink): UnpackedBlob | undefined {
    const written = Atomics.load(this.head, WRITTEN);
    if (written === this.#turn * 2) return undefined;
    const isHashed = Atomics.load(this.head, HASHED) === 1;
    if (!this.#isStarted) sink.start(isHashed);
    this.#isStarted = true;
    while (this.#turn < written >> 1) sink.push(this.#take());
    if ((written & 1) === 0) return undefined;
    if (Atomics.load(this.head, STATE) !== ENDED) throw failed();
    const digest = this.#digestAt(0);
    return { digest, diffId: isHashed ? this.#digestAt(DIGEST_BYTES) : undefined };
  }

  #take(): Uint8Array {
    const length = this.head[LENGTHS + (this.#turn % SLOTS)] ?? 0;
    this.#fill.fill(this.slot(this.#turn, length), 0, length);
    this.#turn += 1;
    this.set(READ, this.#turn);
    return this.#own.subarray(0, length);
  }

  #digestAt(from: number): Digest {
    const text = Buffer.from(this.digests.subarray(from, from + DIGEST_BYTES)).toString('latin1');
    const digest = parseDigest(text);
    if (digest === undefined) throw failed();
    return digest;
  }
}

function failed(): UnpackingFailed {
  return new UnpackingFailed('the layer could not be unpacked');
}
