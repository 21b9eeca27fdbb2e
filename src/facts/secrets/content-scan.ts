import type { EntrySink } from '../../formats/unpack-budget.ts';
import { credentialsIn, isCredentialFile } from './credential-files.ts';
import { endsAsZip, MAX_DEPTH, openerOf, zipAtEnd } from './open-content.ts';
import type { ScanBudget } from './scan-budget.ts';
import { isKeyStoreName, keyStoreRule } from './secret-key-stores.ts';
import { type FoundSecret, lineAt, lookThrough, secretsInBytes } from './secret-text.ts';
import { encodedViews, viewsWithFindings, wideViews } from './secret-views.ts';

/** A secret with its line, from 1; in programs and deep in large files, with its first byte. */
export interface PlacedSecret {
  readonly rule: string;
  readonly value: string;
  readonly line?: number;
  readonly offset?: number;
  /** The member of an archive that contains it, archives within it divided by `!/`. */
  readonly inside?: string;
}

/** What all contents of one file share: the file and what is packed in it. */
export interface ScanShared {
  readonly budget: ScanBudget;
  readonly found: PlacedSecret[];
  /** Reports what is packed in a way that is not opened. */
  readonly unopened: (kind: string) => void;
}

/** Content up to this size is scanned in one piece, what is larger in pieces of it. */
export const PIECE = 1024 * 1024;
/** What two pieces share: a match in its first half is found in the later piece, with context. */
const SHARED = 16 * 1024;
const CONTEXT = SHARED / 2;

/** True where bytes are not text: there is a NUL among the first. */
export function isBinary({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, Math.min(length, 1024)).includes(0);
}

/** Secrets in a piece of bytes, also where it is spelled as UTF-16, base64 or hexadecimal. */
export function secretsInPiece(
  bytes: Uint8Array,
  binary: boolean,
  budget: ScanBudget,
  depth = 0,
): readonly FoundSecret[] {
  if (!budget.spend(0)) return [];
  const { hits, findings, wide, encoded } = lookThrough(bytes);
  if (findings.length === 0) return [];
  const found = [...secretsInBytes(bytes, binary, budget, hits)];
  const ofWide = wide.length === 0 ? [] : wideViews(bytes, wide);
  const views = [...viewsWithFindings(ofWide, (texts) => lookThrough(texts).findings)];
  const spend = (length: number): boolean => {
    budget.decoded -= length;
    if (budget.decoded < 0) budget.gap('it contains too much base64');
    return budget.decoded >= 0;
  };
  // What decodes to something packed is read as a file of its own; its place is that of its text.
  const packed = (content: Uint8Array, at: number): void => {
    if ((budget.packed -= 1) < 0) {
      budget.gap('it contains too many archives in base64');
      return;
    }
    const unopened = (kind: string): void => {
      budget.gap(`it contains what is packed and not opened: ${kind} in base64`);
    };
    const shared: ScanShared = { budget, found: [], unopened };
    new ContentScan('content', shared, undefined, depth + 1).whole(content);
    found.push(...shared.found.map(({ rule, value }) => ({ rule, value, at })));
  };
  if (encoded.length > 0 && depth < MAX_DEPTH)
    views.push(...encodedViews(bytes, encoded, spend, packed));
  for (const { text, from, width } of views)
    for (const secret of secretsInPiece(text, false, budget, depth + 1))
      found.push({ ...secret, at: width === undefined ? from : from + secret.at * width });
  return found;
}

/**
 * Scans content of any size as it comes, keeping one piece of it: a file, or a member of an
 * archive. What it finds does not depend on how the bytes were cut. Archives are opened, and their
 * members scanned as files of their names.
 */
export class ContentScan implements EntrySink {
  readonly #path: string;
  readonly #inside: string | undefined;
  readonly #depth: number;
  readonly #shared: ScanShared;
  readonly #isCredentials: boolean;
  #opener: EntrySink | undefined;
  #piece: Uint8Array | undefined;
  #length = 0;
  /** Byte of the content that the piece begins at. */
  #start = 0;
  #binary = false;

  /** `path` in the layer; `inside` where it is a member's, `depth` archives down. */
  constructor(path: string, shared: ScanShared, inside?: string, depth = 0) {
    this.#path = path;
    this.#inside = inside;
    this.#depth = depth;
    this.#shared = shared;
    this.#isCredentials = isCredentialFile(this.#name);
  }

  get #name(): string {
    return this.#inside ?? this.#path;
  }

  push(bytes: Uint8Array): boolean {
    this.#piece ??= this.#shared.budget.pieces[this.#depth] ??= new Uint8Array(PIECE);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE) this.#next();
    }
    return true;
  }

  end(): void {
    this.whole(this.#piece?.subarray(0, this.#length) ?? new Uint8Array());
  }

  whole(piece: Uint8Array): void {
    this.#scan(piece, true);
    this.#open(piece);
    if (this.#opener !== undefined) this.#opener.end();
    else if (endsAsZip(piece)) this.#openEnd(piece);
  }

  /** A zip behind a program; where all of it is here, it is read as a file of its own. */
  #openEnd(piece: Uint8Array): void {
    const start = this.#start === 0 ? zipAtEnd(piece) : undefined;
    if (start === undefined) this.#shared.unopened('zip behind other content');
    else
      new ContentScan(this.#path, this.#shared, this.#inside, this.#depth + 1).whole(
        piece.subarray(start),
      );
  }

  #next(): void {
    const piece = this.#piece ?? new Uint8Array();
    this.#scan(piece, false);
    this.#open(piece);
    piece.copyWithin(0, PIECE - SHARED);
    this.#length = SHARED;
    this.#start += PIECE - SHARED;
  }

  /** Hands what is new in the piece to what opens the content, where it is packed. */
  #open(piece: Uint8Array): void {
    const { budget, unopened } = this.#shared;
    if (this.#start === 0)
      this.#opener = openerOf(piece, this.#depth, budget, unopened, (name) => {
        const inside = this.#inside === undefined ? name : `${this.#inside}!/${name}`;
        return new ContentScan(this.#path, this.#shared, inside, this.#depth + 1);
      });
    const isNew = this.#start === 0 ? piece : piece.subarray(SHARED);
    if (this.#opener?.push(isNew) === false) this.#opener = undefined;
  }

  #scan(piece: Uint8Array, isLast: boolean): void {
    if (this.#start === 0) {
      this.#binary = isBinary(piece);
      this.#store(piece, isLast);
    }
    const from = this.#start === 0 ? 0 : CONTEXT;
    const to = isLast ? Infinity : PIECE - CONTEXT;
    const own = this.#isCredentials
      ? credentialsIn(this.#name, Buffer.from(piece).toString('latin1'))
      : [];
    const all = secretsInPiece(piece, this.#binary, this.#shared.budget, this.#depth);
    if (own.length === 0 && all.length === 0) return;
    // On one line what the file is made for is enough.
    const lines = new Set(own.map(({ at }) => lineAt(piece, at)));
    const others = all.filter(({ at }) => lines.size === 0 || !lines.has(lineAt(piece, at)));
    for (const { at, rule, value } of [...own, ...others])
      if (at >= from && at < to) this.#found(rule, value, piece, at);
  }

  #found(rule: string, value: string, piece: Uint8Array, at: number): void {
    const hasLine = this.#start === 0 && (!this.#binary || isWideText(piece, at));
    const wide = hasLine && this.#binary;
    this.#shared.found.push({
      rule,
      value,
      ...(hasLine
        ? { line: lineAt(wide ? piece.filter((byte) => byte !== 0) : piece, wide ? at / 2 : at) }
        : { offset: this.#start + at }),
      ...(this.#inside === undefined ? {} : { inside: this.#inside }),
    });
  }

  /** Finds a key store by its bytes; one too large to see whole that shows no key is a gap. */
  #store(piece: Uint8Array, isLast: boolean): void {
    const rule = keyStoreRule(this.#name, piece);
    if (rule !== undefined) this.#found(rule, '', piece, 0);
    else if (!isLast && isKeyStoreName(this.#name))
      this.#shared.budget.gap('a key store of more than 1 MiB is not read to its end');
  }
}

/** True where content is UTF-16 from its beginning on: a place in it has a line. */
function isWideText(piece: Uint8Array, at: number): boolean {
  const head = piece.subarray(0, Math.min(at, 64));
  return (
    head.length >= 8 &&
    head
      .subarray(2)
      .every((byte, index) => (byte === 0) !== (head[index + 3] === 0) || index + 3 >= head.length)
  );
}
