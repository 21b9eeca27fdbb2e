import { StringDecoder } from 'node:string_decoder';

/** Bytes of a stream that are kept; of more, the last. */
const CAPTURE_LIMIT = 16 * 1024 * 1024;
/** A line longer than this is handed on in pieces. */
export const LINE_LIMIT = 1024 * 1024;

/** Keeps the last `limit` bytes of what it is given. */
export class OutputTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(limit = CAPTURE_LIMIT) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Twice the limit before it is cut, so that cutting stays rare.
    if (this.#size > 2 * this.#limit) this.#cut();
  }

  /** What was kept, as UTF-8 text. */
  text(): string {
    if (this.#size > this.#limit) this.#cut();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #cut(): void {
    const all = Buffer.concat(this.#chunks);
    const tail = Buffer.from(all.subarray(Math.max(0, all.length - this.#limit)));
    this.#chunks = [tail];
    this.#size = tail.length;
  }
}

/** Cuts a stream of bytes into lines without their ends (`\n` or `\r\n`). */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const pieces = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) this.#onLine(withoutReturn(piece));
    if (this.#rest.length > LINE_LIMIT) {
      this.#onLine(this.#rest);
      this.#rest = '';
    }
  }

  /** Hands on a last line that has no end. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#onLine(withoutReturn(last));
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
