import { pathPattern } from '../path-pattern.ts';
import type { RewriteRule } from '../rule.ts';

const isMeant = pathPattern('**/bootsnap/compile-cache*/**');
/** `struct bs_cache_key` (ext/bootsnap/bootsnap.c): 64 bytes, time at 24, padding from 49 on. */
const HEADER_BYTES = 64;
const TIME_AT = 24;
const PADDING_AT = 49;
/** Its format versions so far are small numbers. */
const LARGEST_VERSION = 32;

export const bootsnapCache: RewriteRule = {
  id: 'bootsnap-cache',
  touches:
    'The header of Ruby’s bootsnap cache files (bootsnap/compile-cache*/). The source’s time ' +
    'becomes the new time of the source, and the padding, which has what was in memory, zero.',
  safeBecause:
    'bootsnap compares the time with the source’s, and goes on using the file, which it would ' +
    'not if the source’s time alone had changed. It does not read the padding.',
  answers: 'Caches of compiled code with addresses',
  mode: 'safe',
  kind: 'rewrite',
  headBytes: HEADER_BYTES,
  applies: ({ path }) => isMeant(path),
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
};
