import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

/** zlib's state in a Node stream: undocumented, the same in Node 10 to 25, tested before use. */
interface ZlibHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  reset(): void;
}

const NO_BYTES = new Uint8Array(0);
const { Z_NO_FLUSH, Z_FINISH } = zlib.constants;

let isDrivable: boolean | undefined;

/** Unpacks in this thread, call by call, in a third of the time of Node's stream around zlib. */
export class DrivenZlib {
  readonly #stream: Transform;
  readonly #handle: ZlibHandle;
  /** Bytes of output and of input that the last call left over. */
  readonly #left: Uint32Array;

  /** Undefined where this Node's zlib cannot be driven so. `stream` is nobody else's. */
  static of(stream: Transform): DrivenZlib | undefined {
    isDrivable ??= tryOut();
    return isDrivable ? drive(stream) : undefined;
  }

  constructor(stream: Transform, handle: ZlibHandle, left: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#left = left;
  }

  /**
   * Hands what comes out of `input` to `onPlain`, in the memory of `output`: valid during the call
   * only. Gives how many bytes of the input lie behind the end of the data. Throws where the data
   * are damaged; what came out of them last is lost then.
   */
  write(input: Uint8Array, output: Uint8Array, onPlain: (plain: Uint8Array) => void): number {
    return this.#run(Z_NO_FLUSH, input, output, onPlain);
  }

  /** The same for the end: throws where the data are cut off. */
  finish(output: Uint8Array, onPlain: (plain: Uint8Array) => void): number {
    return this.#run(Z_FINISH, NO_BYTES, output, onPlain);
  }

  /** Begins anew, as if nothing had been written. */
  reset(): void {
    this.#handle.reset();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #run(
    flush: number,
    input: Uint8Array,
    output: Uint8Array,
    onPlain: (plain: Uint8Array) => void,
  ): number {
    let offset = 0;
    for (;;) {
      const length = input.length - offset;
      this.#handle.writeSync(flush, input, offset, length, output, 0, output.length);
      if (this.#stream.errored !== null) throw this.#stream.errored;
      const [outputLeft = 0, inputLeft = 0] = this.#left;
      if (outputLeft < output.length) onPlain(output.subarray(0, output.length - outputLeft));
      offset += length - inputLeft;
      // Room for more, and the rest was not asked for: it lies behind the end.
      if (outputLeft > 0) return inputLeft;
    }
  }
}

function drive(stream: Transform): DrivenZlib | undefined {
  const handle: unknown = Reflect.get(stream, '_handle');
  const left: unknown = Reflect.get(stream, '_writeState');
  // An error is read from the stream; nobody else listens.
  stream.on('error', () => undefined);
  return isHandle(handle) && left instanceof Uint32Array && left.length === 2
    ? new DrivenZlib(stream, handle, left)
    : undefined;
}

function isHandle(value: unknown): value is ZlibHandle {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['writeSync', 'reset'].every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

/** True where driving gives back what was packed, twice, and an error for what is damaged. */
function tryOut(): boolean {
  const text = Buffer.from('layer '.repeat(12_000));
  const packed = zlib.gzipSync(text, { level: 1 });
  const damaged = Buffer.from(packed);
  damaged.writeUInt32LE(0, damaged.length - 8);
  const driven = drive(zlib.createGunzip());
  if (driven === undefined) return false;
  const gives = (bytes: Uint8Array): boolean => unpack(driven, bytes)?.equals(text) === true;
  const isRight = gives(packed) && gives(packed) && !gives(damaged);
  driven.destroy();
  return isRight;
}

function unpack(driven: DrivenZlib, packed: Uint8Array): Buffer | undefined {
  const parts: Buffer[] = [];
  const output = new Uint8Array(64 * 1024);
  const take = (plain: Uint8Array): void => {
    parts.push(Buffer.from(plain));
  };
  try {
    driven.write(packed, output, take);
    driven.finish(output, take);
    driven.reset();
    return Buffer.concat(parts);
  } catch {
    return undefined;
  }
}
