/** ITU-T X.690, the distinguished encoding: what a certificate needs of it. */
const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag, length and content. */
export function tlv(tag: number, content: Uint8Array): Buffer {
  const size = content.length;
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  const length = size < 0x80 ? [size] : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(TAG.sequence, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return tlv(TAG.set, Buffer.concat(parts));
}

/** A positive integer from its bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tlv(TAG.integer, isNegative ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** `2.5.29.17`, each part below 2^31. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) + 128);
    return digits;
  });
  return tlv(TAG.oid, Buffer.from(bytes));
}

export function utf8(text: string): Buffer {
  return tlv(TAG.utf8, Buffer.from(text));
}

export function octets(content: Uint8Array): Buffer {
  return tlv(TAG.octetString, content);
}

export function bits(content: Uint8Array, unused = 0): Buffer {
  return tlv(TAG.bitString, Buffer.concat([Buffer.from([unused]), content]));
}
