import { UserError } from '../../model/errors.ts';
import type { TarEntry } from '../../model/tar.ts';

/** Bytes that Linux takes for a name, and for the text of a link. */
const MOST_NAME = 255;
const MOST_LINK = 4095;
const XATTR = 'SCHILY.xattr.';
export const CAPABILITY = `${XATTR}security.capability`;
/** overlayfs's own marks. Docker's older store takes them from layers and shows other files. */
const OVERLAY_MARKS = /^SCHILY\.xattr\.(?:trusted|user)\.overlay\./;
/** A kernel answers EINVAL where nothing follows the namespace. */
const NAMELESS = /^SCHILY\.xattr\.(?:(?:user|trusted|security)\.)?$/;
const ACCESS_LIST = /^SCHILY\.xattr\.system\.posix_acl_(access|default)$/;
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
  return /^(?:\.{0,2}\/)*(?!\.{0,2}(?:\/|$))[^/]+\/(?:.*\/)?\.\.(?:\/|$)/s.test(path);
}

/** chown(2) keeps a number's lower 32 bits; undefined if all are set, which keeps the owner. */
export function ownerId(id: number): number | undefined {
  const kept = ((id % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return kept === 2 ** 32 - 1 ? undefined : kept;
}

/** Throws where the entry's extended attributes are refused, or change what overlayfs shows. */
export function checkAttributes(path: string, { pax, type }: TarEntry): void {
  for (const key in pax) {
    if (!key.startsWith(XATTR)) continue;
    if (OVERLAY_MARKS.test(key))
      throw refused(
        path,
        `it has the attribute ${key.slice(XATTR.length)}, which is for overlayfs`,
      );
    if (NAMELESS.test(key) || key.length > XATTR.length + MOST_NAME)
      throw refused(path, 'the name of an attribute is empty or too long');
    const list = ACCESS_LIST.exec(key);
    if (list !== null && !isAccessList(pax[key] ?? '', list[1] === 'default', type))
      throw refused(path, 'its access list is malformed, or for a folder');
    if (key === CAPABILITY && !isCapability(pax[key] ?? ''))
      throw refused(path, 'its capabilities are malformed');
  }
}

/**
 * Version 2 and entries of eight bytes (linux/posix_acl_xattr.h), in the order that a kernel asks
 * for (posix_acl_valid); an empty one takes the list away. A link has none, and a list that could
 * be one is ignored; only a folder has one for its later contents.
 */
function isAccessList(value: string, isDefault: boolean, type: TarEntry['type']): boolean {
  if (value === '') return true;
  if (!value.startsWith('\x02\0\0\0') || value.length % 8 !== 4) return false;
  if (type === 'symlink' || value.length === 4) return true;
  return (!isDefault || type === 'directory') && hasOrder(Buffer.from(value, 'latin1'));
}

/** Owner, users, group, groups, mask, others: by the numbers of linux/posix_acl.h. */
function hasOrder(list: Buffer): boolean {
  let tags = '';
  for (let at = 4; at < list.length; at += 8) {
    const tag = list.readUInt16LE(at);
    const isNamed = tag === 2 || tag === 8;
    if (list.readUInt16LE(at + 2) > 7 || (isNamed && list.readUInt32LE(at + 4) === 2 ** 32 - 1))
      return false;
    tags += `${tag},`;
  }
  return /^1,(?:4,(?:16,)?|(?:2,)+4,(?:8,)*16,|4,(?:8,)+16,)32,$/.test(tags);
}

function isCapability(value: string): boolean {
  return CAPABILITY_SIZES.get(value.charCodeAt(3)) === value.length;
}

/** True for the device that overlayfs takes for a whiteout, by the bits that a kernel keeps. */
export function isWhiteoutDevice({ type, devmajor, devminor }: TarEntry): boolean {
  return type === 'char' && (devmajor & 0xfff) === 0 && (devminor & 0xfffff) === 0;
}
