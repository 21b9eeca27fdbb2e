import { bytesDiffer, differingNames, listedNames } from './listed-names.ts';

const CHUNKS_START = 8;
const SHOWN_CHUNKS = 4;
/** Chunks that begin with a keyword (PNG, 11.3.3). */
const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt']);

/** The chunks of two PNG pictures that differ, by type and keyword. */
export function pngDifference(first: Uint8Array, second: Uint8Array): string {
  const before = chunks(first);
  const after = chunks(second);
  const names = differingNames(before, after, bytesDiffer);
  if (names.length === 0) return 'PNG: order of its chunks';
  return `PNG chunk ${listedNames(names, SHOWN_CHUNKS)}`;
}

/** Of equal names all but the last get a number. */
function chunks(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = CHUNKS_START; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, Math.min(end - 4, bytes.length));
    const name = TEXTS.has(type) ? `${type} ${keyword(data)}` : type;
    found.set(found.has(name) ? `${name} ${found.size}` : name, data);
    at = end;
  }
  return found;
}

function keyword(data: Uint8Array): string {
  return latin1(data.subarray(0, 80)).split('\0')[0] ?? '';
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
