import { createHash } from 'node:crypto';
import type { RewriteRule } from '../rule.ts';

const MAGIC = Uint8Array.of(0xfe, 0xed, 0xfe, 0xed);
const SEAL_BYTES = 20;
/** Java's password for trust stores. It keeps nothing secret and only detects accidents. */
const SEAL_KEY = Buffer.concat([
  Buffer.from('changeit', 'utf16le').swap16(),
  Buffer.from('Mighty Aphrodite', 'latin1'),
]);
const TRUSTED = 2;

interface Trusted {
  readonly alias: Buffer;
  readonly bytes: Buffer;
}

function seal(body: Uint8Array): Buffer {
  return createHash('sha1').update(SEAL_KEY).update(body).digest();
}

export const javaTruststore: RewriteRule = {
  id: 'java-truststore',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => /(^|\/)(cacerts|[^/]+\.jks|[^/]*truststore[^/]*)$/i.test(path),
  startsWith: [MAGIC],
  rewrite: (bytes, { epoch }) => {
    const store = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const body = store.subarray(0, -SEAL_BYTES);
    if (store.length < 12 + SEAL_BYTES || !seal(body).equals(store.subarray(-SEAL_BYTES)))
      return undefined;
    const entries = trustedEntries(body, BigInt(epoch) * 1000n);
    if (entries === undefined) return undefined;
    entries.sort((a, b) => Buffer.compare(a.alias, b.alias));
    const after = Buffer.concat([body.subarray(0, 12), ...entries.map((entry) => entry.bytes)]);
    return after.equals(body) ? undefined : Buffer.concat([after, seal(after)]);
  },
};

/** Entries with dates clamped (milliseconds); undefined for another kind or malformed bytes. */
function trustedEntries(body: Buffer, latest: bigint): Trusted[] | undefined {
  const count = body.readUInt32BE(8);
  const entries: Trusted[] = [];
  let at = 12;
  try {
    for (let i = 0; i < count; i++) {
      if (body.readUInt32BE(at) !== TRUSTED) return undefined;
      const date = at + 6 + body.readUInt16BE(at + 4);
      const type = date + 8;
      const length = type + 2 + body.readUInt16BE(type);
      const end = length + 4 + body.readUInt32BE(length);
      if (end > body.length) return undefined;
      const bytes = Buffer.from(body.subarray(at, end));
      if (body.readBigUInt64BE(date) > latest) bytes.writeBigUInt64BE(latest, date - at);
      entries.push({ alias: body.subarray(at + 6, date), bytes });
      at = end;
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
  return at === body.length ? entries : undefined;
}
