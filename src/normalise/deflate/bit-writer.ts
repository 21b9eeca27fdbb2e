/** Packs bits, least significant first (RFC 1951, section 3.1.1). Grows as needed. */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #bits = 0;
  #count = 0;

  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected);
  }

  /** Makes sure that `more` bytes fit, so that `put` need not look. */
  reserve(more: number): void {
    const need = this.#length + more + 8;
    if (need <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  /** Writes the low `count` bits of `value`; at most 16 at once, and `value` has no higher ones. */
  put(value: number, count: number): void {
    this.#bits |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.#length++] = this.#bits & 0xff;
      this.#bits >>>= 8;
      this.#count -= 8;
    }
  }

  /** Fills up to a whole byte with zeros. */
  align(): void {
    if (this.#count === 0) return;
    this.#bytes[this.#length++] = this.#bits & 0xff;
    this.#bits = 0;
    this.#count = 0;
  }

  /** Copies whole bytes; only behind `align`. */
  bytes(from: Uint8Array): void {
    this.reserve(from.length);
    this.#bytes.set(from, this.#length);
    this.#length += from.length;
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
