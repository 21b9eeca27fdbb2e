// A writer (and a small reader) of DER, enough for X.509 certificates, RFC 3161 and RFC 6962. No dependencies.
export const tlv = (tag, ...parts) => {
  const body = Buffer.concat(parts.map((p) => Buffer.from(p)));
  const n = body.length;
  const length =
    n < 0x80
      ? [n]
      : n < 0x100
        ? [0x81, n]
        : n < 0x10000
          ? [0x82, n >> 8, n & 255]
          : [0x83, n >> 16, (n >> 8) & 255, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
export const seq = (...p) => tlv(0x30, ...p);
export const set = (...p) => tlv(0x31, ...p);
export const octets = (b) => tlv(0x04, b);
export const bits = (b, unused = 0) => tlv(0x03, [unused], b);
export const bool = (v) => tlv(0x01, [v ? 0xff : 0]);
export const nul = () => tlv(0x05);
export const utf8 = (s) => tlv(0x0c, Buffer.from(s, 'utf8'));
export const printable = (s) => tlv(0x13, Buffer.from(s, 'latin1'));
export const ctx = (n, ...p) => tlv(0xa0 | n, ...p); // explicit or constructed implicit
export const ctxPrimitive = (n, b) => tlv(0x80 | n, b);
export const int = (v) => {
  if (Buffer.isBuffer(v)) {
    let at = 0;
    while (at < v.length - 1 && v[at] === 0) at += 1;
    const cut = v.subarray(at);
    return tlv(0x02, cut[0] & 0x80 ? [0] : [], cut);
  }
  const hex = BigInt(v).toString(16);
  return int(Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex'));
};
export const oid = (text) => {
  const [a, b, ...rest] = text.split('.').map(Number);
  const bytes = [a * 40 + b];
  for (const n of rest) {
    const part = [n & 0x7f];
    for (let m = Math.floor(n / 128); m > 0; m = Math.floor(m / 128))
      part.unshift((m & 0x7f) | 0x80);
    bytes.push(...part);
  }
  return tlv(0x06, bytes);
};
const digits = (date) => date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
export const utcTime = (date) => tlv(0x17, Buffer.from(`${digits(date).slice(2)}Z`));
export const generalizedTime = (date) => tlv(0x18, Buffer.from(`${digits(date)}Z`));

/** Reads one element: {tag, body, end, raw}; children() of a constructed one. */
export function read(buffer, at = 0) {
  const tag = buffer[at];
  let length = buffer[at + 1];
  let head = 2;
  if (length & 0x80) {
    const n = length & 0x7f;
    length = 0;
    for (let i = 0; i < n; i += 1) length = length * 256 + buffer[at + 2 + i];
    head += n;
  }
  const end = at + head + length;
  if (end > buffer.length) throw new Error('DER ends too soon');
  return { tag, body: buffer.subarray(at + head, end), raw: buffer.subarray(at, end), end };
}
export function children(buffer) {
  const found = [];
  for (let at = 0; at < buffer.length;) {
    const one = read(buffer, at);
    found.push(one);
    at = one.end;
  }
  return found;
}
