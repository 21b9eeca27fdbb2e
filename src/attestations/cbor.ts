import { err, ok, type Result } from '../model/result.ts';

/** A value of CBOR (RFC 8949), as far as signature envelopes use it: maps as lists of pairs, byte strings as they are. */
export type CborValue =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly value: readonly CborValue[] }
  | { readonly kind: 'map'; readonly value: readonly (readonly [CborValue, CborValue])[] }
  | { readonly kind: 'tag'; readonly tag: number; readonly value: CborValue }
  | { readonly kind: 'simple'; readonly value: number };

const MAX_DEPTH = 16;
const MAX_ITEMS = 10_000;

class Malformed extends Error {}

/** Decodes one CBOR item that fills `bytes`. Indefinite lengths, more than 16 levels and more than 10,000 items are refused. */
export function decodeCbor(bytes: Uint8Array): Result<CborValue> {
  const reader = new Reader(bytes);
  try {
    const value = reader.item(0);
    return reader.at === bytes.length ? ok(value) : err('there are bytes behind the CBOR item');
  } catch (thrown) {
    if (thrown instanceof Malformed) return err(thrown.message);
    throw thrown;
  }
}

class Reader {
  at = 0;
  #items = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(depth: number): CborValue {
    this.#items += 1;
    if (depth > MAX_DEPTH || this.#items > MAX_ITEMS) throw new Malformed('the CBOR is too deep');
    const head = this.#take(1)[0] ?? 0;
    const length = this.#argument(head & 31);
    switch (head >> 5) {
      case 0:
        return { kind: 'integer', value: length };
      case 1:
        return { kind: 'integer', value: -1 - length };
      case 2:
        return { kind: 'bytes', value: this.#take(length) };
      case 3:
        return { kind: 'text', value: this.#take(length).toString('utf8') };
      case 4:
        return { kind: 'list', value: this.#many(length, () => this.item(depth + 1)) };
      case 5:
        return {
          kind: 'map',
          value: this.#many(length, () => [this.item(depth + 1), this.item(depth + 1)] as const),
        };
      case 6:
        return { kind: 'tag', tag: length, value: this.item(depth + 1) };
      default:
        return { kind: 'simple', value: length };
    }
  }

  #many<T>(count: number, read: () => T): T[] {
    // An item takes a byte at least, so a count that lies is told before anything is made room for.
    if (count > this.#bytes.length - this.at) throw new Malformed('the CBOR ends too early');
    return Array.from({ length: count }, read);
  }

  #argument(code: number): number {
    if (code < 24) return code;
    if (code === 24) return this.#take(1).readUInt8();
    if (code === 25) return this.#take(2).readUInt16BE();
    if (code === 26) return this.#take(4).readUInt32BE();
    if (code !== 27) throw new Malformed('the CBOR has a length that is not told');
    const large = this.#take(8).readBigUInt64BE();
    if (large > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed('the CBOR has a huge number');
    return Number(large);
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.at) throw new Malformed('the CBOR ends too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
