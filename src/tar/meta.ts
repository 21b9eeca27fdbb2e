import { decodeText } from './text.ts';

/** Limit for extended headers and long names, kept in memory; Go's reader has the same limit. */
export const MAX_META_BYTES = 1024 * 1024;

/** What stands before an entry and says more of it, or of nothing. */
export type Meta = 'pax' | 'global' | 'longName' | 'longLink';

/** By type flag. */
export const META: Readonly<Record<string, Meta | undefined>> = {
  x: 'pax',
  g: 'global',
  L: 'longName',
  K: 'longLink',
};

/** A long name or link, without what pads it. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}
