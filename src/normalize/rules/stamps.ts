import type { TarEntry } from '../../model/image.ts';
import { pathPattern, rewriteRule, type TimeRule } from '../rule.ts';
import { OTHER_TIMES, withoutTimes } from './archives.ts';

/**
 * Python sources and font folders: other files contain their times (pyc-header, fontconfig-cache).
 */
export function isStamped(path: string, entry: TarEntry): boolean {
  return entry.type === 'directory' ? /font/i.test(path) : path.endsWith('.py');
}

export const times: TimeRule = {
  id: 'times',
  mode: 'safe',
  kind: 'times',
  retime: (entry, { path, stamps }) => {
    const mtime = stamps.timeOf(path, entry.mtime, entry.size, isStamped(path, entry));
    const hasOthers = OTHER_TIMES.some((key) => key in entry.pax);
    if (mtime === entry.mtime && !hasOthers) return entry;
    return { ...entry, mtime, pax: hasOthers ? withoutTimes(entry.pax) : entry.pax };
  },
};

const PYC_BYTES = 16;

/**
 * The source that `path` was compiled from: beside it, or a folder up for
 * `__pycache__/NAME.TAG.pyc` (PEP 3147; TAG may have `.opt-1` behind it).
 */
export function sourceOfPyc(path: string): string {
  const cached = /^(.*?)(?:__pycache__\/)([^/]+?)\.[^./]+(?:\.opt-[^./]+)?\.pyc$/s.exec(path);
  if (cached !== null) return `${cached[1] ?? ''}${cached[2] ?? ''}.py`;
  return path.slice(0, -1);
}

export const pycHeader = rewriteRule('pyc-header', 'safe', {
  headBytes: PYC_BYTES,
  applies: ({ path }) => path.endsWith('.pyc'),
  rewrite: (bytes, { path, stamps }) => {
    if (bytes.length < PYC_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, PYC_BYTES);
    // Magic numbers end in CR LF. Before Python 3.7 the time came right after, without flags.
    const isPyc = view.getUint16(2, true) === 0x0a0d;
    const isTimed = view.getUint32(4, true) === 0;
    if (!isPyc || !isTimed) return undefined;
    const stored = view.getUint32(8, true);
    const written = stamps.stampOf(sourceOfPyc(path), stored, view.getUint32(12, true));
    if (written === stored) return undefined;
    view.setUint32(8, written, true);
    return bytes;
  },
});

const isBootsnap = pathPattern('**/bootsnap/compile-cache*/**');
/** `struct bs_cache_key` (ext/bootsnap/bootsnap.c), and `struct _FcCache` below. */
const HEADER_BYTES = 64;
const TIME_AT = 24;
const PADDING_AT = 49;
/** Its format versions so far are small numbers. */
const LARGEST_VERSION = 32;

export const bootsnapCache = rewriteRule('bootsnap-cache', 'safe', {
  headBytes: HEADER_BYTES,
  applies: ({ path }) => isBootsnap(path),
  rewrite: (bytes, { stamps }) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const version = view.getUint32(0, true);
    if (version === 0 || version > LARGEST_VERSION) return undefined;
    const stored = Number(view.getBigUint64(TIME_AT, true));
    if (!Number.isSafeInteger(stored)) return undefined;
    view.setBigUint64(TIME_AT, BigInt(stamps.normalised(stored)), true);
    bytes.fill(0, PADDING_AT, HEADER_BYTES);
    return bytes;
  },
});

const FONT_MAGIC = Uint8Array.of(0x04, 0xfc, 0x02, 0xfc);
const LARGEST_PATH = 4096;

/** The folder of a cache, from `struct _FcCache` (64-bit, little-endian); undefined where none. */
function folderOf(bytes: Uint8Array, view: DataView): string | undefined {
  const offset = view.getBigInt64(16, true);
  if (offset < HEADER_BYTES || offset >= bytes.length) return undefined;
  const tail = bytes.subarray(Number(offset), Number(offset) + LARGEST_PATH);
  const end = tail.indexOf(0);
  return end < 1 ? undefined : Buffer.from(tail.subarray(0, end)).toString('utf8');
}

export const fontconfigCache = rewriteRule('fontconfig-cache', 'safe', {
  applies: ({ path }) => /(^|\/)\.?fontconfig\/[^/]+\.cache-\d+$/.test(path),
  startsWith: [FONT_MAGIC],
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
});
