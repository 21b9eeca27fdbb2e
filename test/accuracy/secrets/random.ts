import { createHash } from 'node:crypto';

/** Draws that a seed repeats: SHA-256 of the seed and a counter. */
export class Draw {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let size = 0; size < length; size += 32)
      parts.push(createHash('sha256').update(`${this.#seed}/${this.#count++}`).digest());
    return Buffer.concat(parts).subarray(0, length);
  }

  of(alphabet: string, length: number): string {
    return [...this.bytes(length * 2)]
      .filter((_, at) => at % 2 === 0)
      .map((byte) => alphabet[byte % alphabet.length] ?? '')
      .join('');
  }

  alnum(length: number): string {
    return this.of('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length);
  }

  hex(length: number): string {
    return this.of('0123456789abcdef', length);
  }

  upper(length: number): string {
    return this.of('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', length);
  }

  lower(length: number): string {
    return this.of('abcdefghijklmnopqrstuvwxyz0123456789', length);
  }

  digits(length: number): string {
    return this.of('0123456789', length);
  }

  base64(length: number): string {
    return this.bytes(length).toString('base64');
  }

  uuid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.hex(length)).join('-');
  }
}

/**
 * Half of all, by a name's hash: what rules were tuned on is never what they are measured on at the
 * end.
 */
export function isUnseen(name: string): boolean {
  return ((createHash('sha256').update(`half ${name}`).digest()[0] ?? 0) & 1) === 1;
}
