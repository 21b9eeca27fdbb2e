import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { UserError } from '../../lib/errors.ts';
import { MalformedRecord } from './sqlite.ts';

/** What archives may still cost, all of those together that it is handed to. */
export interface UnpackBudget {
  entries: number;
  inflated: number;
}

/** Takes the plain bytes of an archive's entry as they come; `push` says whether it wants more. */
export interface EntrySink {
  readonly push: (bytes: Uint8Array) => boolean;
  readonly end: () => void;
}

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

const NO_BYTES: Uint8Array = new Uint8Array(0);
const { Z_NO_FLUSH, Z_FINISH } = zlib.constants;

let isDrivable: boolean | undefined;

/** Unpacks in this thread, call by call, in a third of the time of Node's stream around zlib. */
export class DrivenZlib {
  readonly #stream: Transform;
  readonly #handle: ZlibHandle;
  /** Bytes of output and of input that the last call left over. */
  readonly #left: Uint32Array;

  /** `stream` is nobody else's. Throws UserError where this Node's zlib cannot be driven so. */
  static of(stream: Transform): DrivenZlib {
    isDrivable ??= tryOut();
    const driven = isDrivable ? drive(stream) : undefined;
    // Nobody may take what this Node cannot read for damaged data.
    if (driven === undefined)
      throw new UserError(`gzip cannot be unpacked with Node.js ${process.version}`, {
        nextStep: 'use Node.js 20, 22 or 24',
      });
    return driven;
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

/** What one call takes: where the data are damaged, what came out of it is lost. */
const SLICE = 8 * 1024;
const OUTPUT_BYTES = 64 * 1024;

interface Inflater {
  readonly zlib: DrivenZlib;
  readonly output: Uint8Array;
}

const MAKE = { deflate: () => zlib.createInflateRaw(), gzip: () => zlib.createGunzip() };
type Format = keyof typeof MAKE;

/** Unused ones. Archives in archives take one each; to make one takes as long as a small file. */
const idle: Readonly<Record<Format, Inflater[]>> = { deflate: [], gzip: [] };

/** Unpacks what goes through it, within the budget: deflate, or gzip of one or several members. */
export class InflateSink implements EntrySink {
  readonly #sink: EntrySink;
  readonly #budget: UnpackBudget;
  readonly #format: Format;
  #inflater: Inflater | undefined;
  /** The data have ended: what follows is not read. */
  #isOver = false;
  #wants = true;

  constructor(sink: EntrySink, budget: UnpackBudget, format: Format = 'deflate') {
    this.#sink = sink;
    this.#budget = budget;
    this.#format = format;
  }

  push(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#wants && !this.#isOver; at += SLICE) {
      const slice = bytes.subarray(at, at + SLICE);
      this.#drive('an entry cannot be unpacked', ({ zlib: driven, output }) => {
        this.#isOver = driven.write(slice, output, this.#give) > 0;
      });
    }
    return this.#wants;
  }

  end(): void {
    try {
      if (this.#wants && !this.#isOver && this.#inflater !== undefined)
        this.#drive('an entry is cut off', ({ zlib: driven, output }) => {
          driven.finish(output, this.#give);
        });
    } finally {
      if (this.#inflater !== undefined) idle[this.#format].push(this.#inflater);
      this.#inflater = undefined;
      this.#sink.end();
    }
  }

  #drive(wrong: string, step: (inflater: Inflater) => void): void {
    const inflater = (this.#inflater ??= takeInflater(this.#format));
    try {
      step(inflater);
    } catch (error) {
      this.#inflater = undefined;
      throw error instanceof MalformedRecord ? error : new MalformedRecord(wrong);
    }
  }

  readonly #give = (bytes: Uint8Array): void => {
    this.#budget.inflated -= bytes.length;
    if (this.#budget.inflated < 0) throw new MalformedRecord('it unpacks to too much');
    if (this.#wants) this.#wants = this.#sink.push(bytes);
  };
}

function takeInflater(format: Format): Inflater {
  const used = idle[format].pop();
  used?.zlib.reset();
  return used ?? { zlib: DrivenZlib.of(MAKE[format]()), output: new Uint8Array(OUTPUT_BYTES) };
}
