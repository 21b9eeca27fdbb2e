/** Bytes that no compressor gets smaller, the same on every run (xorshift). */
export function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x & 0xff;
  }
  return out;
}

/** Text that compresses as text does, the same on every run. */
export function words(length: number): Uint8Array {
  const list = 'usr|lib|python|layer|the|of|normalise|epoch|\n| = |/'.split('|');
  let text = '';
  for (const byte of noise(length)) {
    text += list[byte % list.length] ?? '';
    if (byte > 200) text += String(byte * length);
    if (text.length >= length) break;
  }
  return Buffer.from(text.slice(0, length), 'latin1');
}
