import { decode, type DecodeOptions, type Token, Tokenizer } from 'cborg';
import { err, ok, type Result } from '../model/result.ts';

const COSE_SIGN1 = 18;
const MAX_DEPTH = 16;
const MAX_ITEMS = 10_000;

/** Content of the tag COSE_Sign1 (RFC 9052, 4.2). */
export class CoseSign1 {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

const RULES: DecodeOptions = {
  allowIndefinite: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
  tags: { [COSE_SIGN1]: (content) => new CoseSign1(content()) },
};

/**
 * Decodes one CBOR item (RFC 8949) that fills `bytes`, maps as Map, byte strings as Uint8Array.
 * Refused are indefinite lengths, repeated keys, integers over 2^53, tags but that of COSE_Sign1,
 * more than 16 levels and more than 10,000 items.
 */
export function decodeCbor(bytes: Uint8Array): Result<unknown> {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return ok(decode(plain, { ...RULES, tokenizer: new BoundedTokenizer(plain, RULES) }));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** Counts items, and how many of each open list, map or tag are still to come. */
class BoundedTokenizer extends Tokenizer {
  #items = 0;
  readonly #left: number[] = [];

  override next(): Token {
    while (this.#left.at(-1) === 0) this.#left.pop();
    const deepest = this.#left.length - 1;
    if (deepest >= 0) this.#left[deepest] = (this.#left[deepest] ?? 0) - 1;
    this.#items += 1;
    if (deepest >= MAX_DEPTH || this.#items > MAX_ITEMS) throw new Error('the CBOR is too deep');
    const token = super.next();
    const size = { array: 1, map: 2, tag: 0 }[token.type.name];
    if (size !== undefined) this.#left.push(size === 0 ? 1 : Number(token.value) * size);
    return token;
  }
}
