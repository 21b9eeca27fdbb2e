/** An element of DER (X.690): its tag byte and what is in it. */
export interface DerElement {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** More than any certificate has at one level. */
const MOST = 4096;

/**
 * The elements that lie side by side in `bytes`: tags of one byte and definite lengths (X.690,
 * 8.1). Undefined where the bytes are malformed or end within an element.
 */
export function derElements(bytes: Uint8Array): readonly DerElement[] | undefined {
  const found: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1];
    if (first === undefined || (tag & 0x1f) === 0x1f || found.length >= MOST) return undefined;
    at += 2;
    let length = first;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 4) return undefined;
      length = 0;
      for (const byte of bytes.subarray(at, at + count)) length = length * 256 + byte;
      at += count;
    }
    if (at + length > bytes.length) return undefined;
    found.push({ tag, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** The element at `path`, one index per level; undefined if there is none. */
export function derAt(bytes: Uint8Array, path: readonly number[]): DerElement | undefined {
  let element: DerElement | undefined;
  for (const place of path) {
    element = derElements(element?.body ?? bytes)?.[place];
    if (element === undefined) return undefined;
  }
  return element;
}
