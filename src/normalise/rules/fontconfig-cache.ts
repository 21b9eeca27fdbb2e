import type { RewriteRule } from '../rule.ts';

const MAGIC = Uint8Array.of(0x04, 0xfc, 0x02, 0xfc);
const HEADER_BYTES = 64;
const LARGEST_PATH = 4096;

/** The folder of a cache, from `struct _FcCache` (64-bit, little-endian); undefined where none. */
function folderOf(bytes: Uint8Array, view: DataView): string | undefined {
  const offset = view.getBigInt64(16, true);
  if (offset < HEADER_BYTES || offset >= bytes.length) return undefined;
  const tail = bytes.subarray(Number(offset), Number(offset) + LARGEST_PATH);
  const end = tail.indexOf(0);
  return end < 1 ? undefined : Buffer.from(tail.subarray(0, end)).toString('utf8');
}

export const fontconfigCache: RewriteRule = {
  id: 'fontconfig-cache',
  touches:
    'Font caches (NAME.cache-N below a folder named fontconfig). They contain the time of ' +
    'the font folder, which becomes the folder’s new time, fraction 0.',
  safeBecause:
    'Fontconfig compares the two and goes on using the cache, which it would not if the folder’s time alone had changed. What was out of date stays out of date.',
  answers: 'Fontconfig caches',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => /(^|\/)\.?fontconfig\/[^/]+\.cache-\d+$/.test(path),
  startsWith: [MAGIC],
  rewrite: (bytes, { stamps }) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const folder = folderOf(bytes, view);
    if (folder === undefined) return undefined;
    const stored = view.getInt32(48, true);
    const written = stamps.stampOf(folder.replace(/^\/+|(?<!\/)\/+$/g, ''), stored);
    if (written === stored && view.getBigInt64(56, true) === 0n) return undefined;
    view.setInt32(48, written, true);
    view.setBigInt64(56, 0n, true);
    return bytes;
  },
};
