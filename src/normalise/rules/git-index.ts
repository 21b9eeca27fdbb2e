import { createHash } from 'node:crypto';
import type { RewriteRule } from '../rule.ts';

const HEAD_SIZE = 12;
/**
 * Times of change and content, device and inode: 24 bytes; mode: 4; owner and group: 8; size: 4.
 * The hash of the content follows.
 */
const STATUS_SIZE = 24;
const OWNERS_AT = 28;
const OWNERS_END = 36;
const FIXED_SIZE = 40;
const EXTENDED = 0x4000;
/** Caches of the status of folders, which contain the same once more. */
const CACHES = ['UNTR', 'FSMN'];

export const gitIndex: RewriteRule = {
  id: 'git-index',
  touches:
    'Git’s index of a working tree (index, versions 2 and 3). Times, device, inode number, owner and group of each file become zero, and the checksum at the end is made again.',
  safeBecause:
    'None of them fits the file in a container, so that git reads the file, as it does for what a clone has on another disk. What is tracked stays.',
  answers: 'Repositories in an image',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => /(?:^|\/)index$/.test(path),
  startsWith: [2, 3].map((version) => Buffer.from(`DIRC\0\0\0${String.fromCharCode(version)}`)),
  rewrite: (bytes) => withoutStatus(Buffer.from(bytes)),
};

function withoutStatus(bytes: Buffer): Buffer | undefined {
  // Of repositories by SHA-1 and by SHA-256.
  const [algorithm, size] = isSealed(bytes, 'sha1', 20) ? ['sha1', 20] : ['sha256', 32];
  if (!isSealed(bytes, algorithm, size)) return undefined;
  const end = bytes.length - size;
  let at = HEAD_SIZE;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const flagsAt = at + FIXED_SIZE + size;
    if (flagsAt + 4 > end) return undefined;
    bytes.fill(0, at, at + STATUS_SIZE).fill(0, at + OWNERS_AT, at + OWNERS_END);
    const nameAt = flagsAt + ((bytes.readUInt16BE(flagsAt) & EXTENDED) === 0 ? 2 : 4);
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd < 0 || nameEnd >= end) return undefined;
    // Padded with one to eight zeros to a multiple of eight.
    at += (nameEnd - at + 8) & ~7;
  }
  if (hasCache(bytes, at, end)) return undefined;
  createHash(algorithm).update(bytes.subarray(0, end)).digest().copy(bytes, end);
  return bytes;
}

function isSealed(bytes: Buffer, algorithm: string, size: number): boolean {
  const end = bytes.length - size;
  if (end < HEAD_SIZE) return false;
  return createHash(algorithm).update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end));
}

/** True where it cannot be told too. */
function hasCache(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    if (at + 8 > end || CACHES.includes(bytes.toString('latin1', at, at + 4))) return true;
    at += 8 + bytes.readUInt32BE(at + 4);
  }
  return at !== end;
}
