import { UserError } from '../../model/errors.ts';
import type { TarEntry } from '../../model/tar.ts';

/** Bytes that Linux takes for a name, and for the text of a link. */
const MOST_NAME = 255;
const MOST_LINK = 4095;
const XATTR = 'SCHILY.xattr.';
export const CAPABILITY = `${XATTR}security.capability`;
/** What overlayfs itself marks folders and files with: Docker's older store takes them from a layer, and shows other files for them. */
const OVERLAY_MARKS = /^SCHILY\.xattr\.(?:trusted|user)\.overlay\./;
const ACCESS_LIST = /^SCHILY\.xattr\.system\.posix_acl_(?:access|default)$/;
/** Sizes of `security.capability` by revision; a kernel refuses any other. */
const CAPABILITY_SIZES = new Map([
  [2, 20],
  [3, 24],
]);

/** A layer that Docker refuses to unpack, or that its two stores unpack to different files. */
export function refused(path: string, why: string): UserError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new UserError(`a layer cannot be unpacked at ${shown}: ${why}`);
}

export function checkName(path: string, name: string): void {
  // Three bytes for a character are the most that a name is written with.
  if (name.length * 3 > MOST_NAME && Buffer.byteLength(name) > MOST_NAME)
    throw refused(path, 'a name has more than 255 bytes');
}

export function checkLink(path: string, link: string): void {
  if (link === '') throw refused(path, 'a symbolic link is empty');
  if (link.length * 3 > MOST_LINK && Buffer.byteLength(link) > MOST_LINK)
    throw refused(path, 'a symbolic link has more than 4095 bytes');
}

/** The parts of what a hard link names. The stores read trailing slashes and `..` differently. */
export function hardLinkPath(path: string, link: string): string {
  if (/(?:^|\/)\.{0,2}$/.test(link) || hasInnerDots(link))
    throw refused(path, `engines differ in where the hard link to ${JSON.stringify(link)} leads`);
  return link;
}

/** True where `..` follows a name: engines differ in whether links before it count. */
export function hasInnerDots(path: string): boolean {
  return (
    path.includes('..') && /(?:^|\/)(?!\.{0,2}(?:\/|$))[^/]*\/(?:.*\/)?\.\.(?:\/|$)/s.test(path)
  );
}

/** chown(2) takes the lower 32 bits of a number; undefined where all are set, by which it leaves the owner as it was. */
export function ownerId(id: number): number | undefined {
  const kept = ((id % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return kept === 2 ** 32 - 1 ? undefined : kept;
}

/** Throws where the entry's extended attributes are refused, or change what overlayfs shows. */
export function checkAttributes(path: string, { pax }: TarEntry): void {
  for (const key in pax) {
    if (!key.startsWith(XATTR)) continue;
    if (OVERLAY_MARKS.test(key))
      throw refused(
        path,
        `it has the attribute ${key.slice(XATTR.length)}, which is for overlayfs`,
      );
    if (key.length === XATTR.length || key.length > XATTR.length + MOST_NAME)
      throw refused(path, 'the name of an attribute is empty or too long');
    if (ACCESS_LIST.test(key) && !isAccessList(pax[key] ?? ''))
      throw refused(path, 'its access list is malformed');
    if (key === CAPABILITY && !isCapability(pax[key] ?? ''))
      throw refused(path, 'its capabilities are malformed');
  }
}

/** Version 2 and entries of eight bytes (linux/posix_acl_xattr.h); an empty one takes the list away. */
function isAccessList(value: string): boolean {
  return value === '' || (value.startsWith('\x02\0\0\0') && value.length % 8 === 4);
}

function isCapability(value: string): boolean {
  return CAPABILITY_SIZES.get(value.charCodeAt(3)) === value.length;
}

/** True for the device that overlayfs takes for a whiteout, its number cut to what a kernel keeps of it. */
export function isWhiteoutDevice({ type, devmajor, devminor }: TarEntry): boolean {
  return type === 'char' && (devmajor & 0xfff) === 0 && (devminor & 0xfffff) === 0;
}
