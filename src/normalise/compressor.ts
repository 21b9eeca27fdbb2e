import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { inThread, openPool, type PieceCompressor } from './compress-pool.ts';
import { WINDOW } from './deflate/deflate-piece.ts';
import { FINAL, HEADER, PIECE_BYTES, trailer } from './gzip-file.ts';
import { type Compressed, type LayerSink, sha256, type Write } from './layer-sink.ts';

/** Workers take 30 ms to start: only what is over this many pieces is worth it. */
const SMALL = 6;

/**
 * Gzip whose bytes depend on the input alone: not on how it is cut into chunks, the number of
 * threads, Node, its zlib or the processor. One member; each PIECE_BYTES of input are compressed
 * with the WINDOW before them as history, and end on a whole byte. `close` has to be called in
 * every case.
 */
export class LayerCompressor implements LayerSink {
  readonly #write: Write;
  readonly #openPool: () => PieceCompressor;
  #pool: PieceCompressor = inThread;
  #isPoolOpen = false;
  readonly #blob = createHash('sha256');
  readonly #plain = createHash('sha256');
  readonly #underWay: Promise<Uint8Array>[] = [];
  #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #history = new Uint8Array(0);
  #pieces = 0;
  #crc = 0;
  #plainSize = 0;
  #size = 0;

  constructor(write: Write, pool: () => PieceCompressor = openPool) {
    this.#write = write;
    this.#openPool = pool;
  }

  /** Takes the next bytes; they may be used again once the promise is kept. */
  async push(chunk: Uint8Array): Promise<void> {
    this.#plain.update(chunk);
    this.#crc = crc32(chunk, this.#crc);
    this.#plainSize += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const take = Math.min(chunk.length - at, PIECE_BYTES - this.#filled);
      this.#piece.set(chunk.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled === PIECE_BYTES) await this.#send();
    }
  }

  /** Writes what is left and the trailer. */
  async finish(): Promise<Compressed> {
    if (this.#filled > 0) await this.#send();
    while (this.#underWay.length > 0) await this.#take();
    if (this.#size === 0) await this.#out(HEADER);
    await this.#out(FINAL);
    await this.#out(trailer(this.#crc, this.#plainSize));
    return {
      digest: sha256(this.#blob.digest('hex')),
      size: this.#size,
      diffId: sha256(this.#plain.digest('hex')),
    };
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await Promise.allSettled(this.#underWay.splice(0));
  }

  async #send(): Promise<void> {
    if (this.#pieces++ === SMALL && !this.#isPoolOpen) {
      this.#isPoolOpen = true;
      this.#pool = this.#openPool();
    }
    const start = this.#history.length;
    const data = new Uint8Array(start + this.#filled);
    data.set(this.#history);
    data.set(this.#piece.subarray(0, this.#filled), start);
    this.#history = data.slice(-WINDOW);
    this.#filled = 0;
    const job = this.#pool.compress({ data, start });
    // Its failure is met when its turn comes; until then it must not count as unhandled.
    job.catch(() => undefined);
    this.#underWay.push(job);
    while (this.#underWay.length >= this.#pool.width) await this.#take();
  }

  async #take(): Promise<void> {
    const bytes = await this.#underWay.shift();
    if (bytes === undefined) return;
    if (this.#size === 0) await this.#out(HEADER);
    await this.#out(bytes);
  }

  async #out(bytes: Uint8Array): Promise<void> {
    this.#blob.update(bytes);
    this.#size += bytes.length;
    await this.#write(bytes);
  }
}
