import { type FoundSecret, lineAt, type ScanBudget, secretsInBytes } from './secret-text.ts';

/** A secret with its line, from 1, or, in programs and far into a large file, the byte it begins at. */
export type PlacedSecret = Omit<FoundSecret, 'at'> &
  ({ readonly line: number } | { readonly offset: number });

/** Files up to this size are scanned in one piece, larger ones in pieces of it. */
export const PIECE = 1024 * 1024;
/** What two pieces share: a match that begins in the first half of it is found in the later piece, with all that is around it. */
const SHARED = 16 * 1024;
const CONTEXT = SHARED / 2;

export type ContentKind = 'text' | 'utf16le' | 'utf16be' | 'binary' | 'packed';

const PACKED: readonly (readonly number[])[] = [
  [0x1f, 0x8b],
  [0x50, 0x4b, 0x03, 0x04],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x42, 0x5a, 0x68],
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a, 0x64, 0x65, 0x62],
];

/** What bytes are, told by their beginning: a NUL is in no text but UTF-16, and what is packed shows nothing of its content. */
export function contentKind(bytes: Uint8Array): ContentKind {
  if (PACKED.some((magic) => magic.every((byte, at) => bytes[at] === byte))) return 'packed';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be';
  const head = bytes.subarray(0, 1024);
  const firstNul = head.indexOf(0);
  if (firstNul < 0) return 'text';
  return isWide(head, 1) ? 'utf16le' : isWide(head, 0) ? 'utf16be' : 'binary';
}

/** True where every second byte, and no other, is NUL: UTF-16 of Latin letters without a mark of its order. */
function isWide(head: Uint8Array, nul: 0 | 1): boolean {
  if (head.length < 16) return false;
  return head.every((byte, at) => (at % 2 === nul) === (byte === 0));
}

/** UTF-16 as one byte a character; what has none becomes 0xff, which is in no secret. */
function narrowed(bytes: Uint8Array, kind: 'utf16le' | 'utf16be'): Uint8Array {
  const [low, high] = kind === 'utf16le' ? [0, 1] : [1, 0];
  const narrow = new Uint8Array(bytes.length >> 1);
  for (let at = 0; at < narrow.length; at += 1)
    narrow[at] = bytes[at * 2 + high] === 0 ? (bytes[at * 2 + low] ?? 0) : 0xff;
  return narrow;
}

/** Secrets of a file that is there in one piece. */
export function secretsInPiece(bytes: Uint8Array, budget: ScanBudget): readonly PlacedSecret[] {
  const kind = contentKind(bytes);
  if (kind === 'packed') return [];
  const text = kind === 'utf16le' || kind === 'utf16be' ? narrowed(bytes, kind) : bytes;
  return secretsInBytes(text, kind === 'binary', budget).map(({ at, ...found }) =>
    kind === 'binary' ? { ...found, offset: at } : { ...found, line: lineAt(text, at) },
  );
}

/** Scans a file of any size as it comes, holding one piece; what it finds does not depend on how the bytes were cut. */
export class SecretStream {
  readonly #budget: ScanBudget;
  readonly #found: PlacedSecret[] = [];
  #piece: Uint8Array | undefined;
  #length = 0;
  /** Byte of the file that the piece begins at. */
  #start = 0;
  #kind: ContentKind = 'text';

  constructor(budget: ScanBudget) {
    this.#budget = budget;
  }

  push(bytes: Uint8Array): void {
    if (this.#kind === 'packed') return;
    this.#piece ??= new Uint8Array(PIECE);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE) this.#scan(false);
    }
  }

  /** What was found, in the order of the file; the stream may then be used for the next file. */
  end(): readonly PlacedSecret[] {
    this.#scan(true);
    const found = this.#found.splice(0);
    this.#length = 0;
    this.#start = 0;
    this.#kind = 'text';
    return found;
  }

  #scan(isLast: boolean): void {
    const piece = this.#piece?.subarray(0, this.#length) ?? new Uint8Array();
    if (this.#start === 0) this.#kind = contentKind(piece);
    const kind = this.#kind;
    if (kind !== 'packed') this.#scanText(piece, kind, isLast);
    if (isLast) return;
    this.#piece?.copyWithin(0, PIECE - SHARED);
    this.#length = SHARED;
    this.#start += PIECE - SHARED;
  }

  #scanText(piece: Uint8Array, kind: Exclude<ContentKind, 'packed'>, isLast: boolean): void {
    const wide = kind === 'utf16le' || kind === 'utf16be';
    const text = wide ? narrowed(piece, kind) : piece;
    const width = wide ? 2 : 1;
    const from = this.#start === 0 ? 0 : CONTEXT;
    const to = isLast ? Infinity : PIECE - CONTEXT;
    for (const { at, ...found } of secretsInBytes(text, kind === 'binary', this.#budget)) {
      const place = at * width;
      if (place < from || place >= to) continue;
      const known = this.#start === 0 && kind !== 'binary';
      this.#found.push(
        known ? { ...found, line: lineAt(text, at) } : { ...found, offset: this.#start + place },
      );
    }
  }
}
