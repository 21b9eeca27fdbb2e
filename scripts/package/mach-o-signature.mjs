// Signatures of Mach-O files, as far as a program needs one to start: macOS on arm64 starts nothing without. An ad-hoc signature
// names nobody; it is hashes of the pages (xnu: osfmk/kern/cs_blobs.h, as ld64.lld and Go's linker write it).
import { createHash } from 'node:crypto';

const MAGIC_64 = 0xfeedfacf;
const SEGMENT_64 = 0x19;
const CODE_SIGNATURE = 0x1d;
const COMMAND_LENGTH = 16;
const PAGE = 4096;
const SHA256_LENGTH = 32;
/** CS_SuperBlob with one CS_BlobIndex, aligned to 8. */
const SUPER_BLOB_LENGTH = 24;
/** CS_CodeDirectory of version 0x20400. */
const DIRECTORY_LENGTH = 88;
const ADHOC_LINKER_SIGNED = 0x2_0002;
const MAIN_BINARY = 1n;

const alignedTo = (value, size) => Math.ceil(value / size) * size;

/** Where the hashes begin in the directory: behind the name, at a multiple of 16 of the whole. */
const hashesAt = (identifier) =>
  alignedTo(SUPER_BLOB_LENGTH + DIRECTORY_LENGTH + identifier.length + 1, 16) - SUPER_BLOB_LENGTH;

/** The load commands that a signature is about, by their places; throws for what is not a 64-bit Mach-O file. */
function readCommands(file) {
  if (file.length < 32 || file.readUInt32LE(0) !== MAGIC_64)
    throw new Error('not a 64-bit Mach-O file');
  const found = { end: 32 + file.readUInt32LE(20), segments: new Map(), signature: undefined };
  for (let at = 32; at < found.end; at += file.readUInt32LE(at + 4)) {
    const command = file.readUInt32LE(at);
    if (command === SEGMENT_64)
      found.segments.set(file.toString('latin1', at + 8, at + 24).replace(/\0+$/, ''), at);
    if (command === CODE_SIGNATURE) found.signature = at;
  }
  return found;
}

/** Sets how long __LINKEDIT, the last segment, is in the file; in memory it takes whole pages. */
function setLinkEditEnd(file, segment, end) {
  const size = BigInt(end) - file.readBigUInt64LE(segment + 40);
  file.writeBigUInt64LE(size, segment + 48);
  // 16 KiB: the pages of arm64, which x64 takes too.
  file.writeBigUInt64LE(BigInt(alignedTo(Number(size), 0x4000)), segment + 32);
}

/** The file without its signature, which must be the last load command and the end of the file, as linkers put it. */
export function withoutSignature(bytes) {
  const file = Buffer.from(bytes);
  const { signature, segments, end } = readCommands(file);
  if (signature === undefined) return file;
  const from = file.readUInt32LE(signature + 8);
  if (
    signature + COMMAND_LENGTH !== end ||
    from + file.readUInt32LE(signature + 12) !== file.length
  )
    throw new Error('the signature is not at the end');
  file.fill(0, signature, end);
  file.writeUInt32LE(file.readUInt32LE(16) - 1, 16);
  file.writeUInt32LE(file.readUInt32LE(20) - COMMAND_LENGTH, 20);
  setLinkEditEnd(file, segments.get('__LINKEDIT'), from);
  return file.subarray(0, from);
}

function codeDirectory(file, identifier, text) {
  const pages = Math.ceil(file.length / PAGE);
  const hashes = hashesAt(identifier);
  const directory = Buffer.alloc(hashes + pages * SHA256_LENGTH);
  const words = [
    ...[0xfade0c02, directory.length, 0x2_0400, ADHOC_LINKER_SIGNED],
    ...[hashes, DIRECTORY_LENGTH, 0, pages, file.length],
  ];
  for (const [at, word] of words.entries()) directory.writeUInt32BE(word, at * 4);
  // Length and kind of the hashes (SHA-256), platform, the page's size as a power of two.
  directory.set([SHA256_LENGTH, 2, 0, Math.log2(PAGE)], 36);
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 48), 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  directory.write(identifier, DIRECTORY_LENGTH, 'latin1');
  for (let page = 0; page < pages; page++)
    createHash('sha256')
      .update(file.subarray(page * PAGE, (page + 1) * PAGE))
      .digest()
      .copy(directory, hashes + page * SHA256_LENGTH);
  return directory;
}

/** The file with an ad-hoc signature; throws where it has one, or no room for the load command. */
export function withAdHocSignature(bytes, identifier) {
  const { signature, segments, end } = readCommands(Buffer.from(bytes));
  if (signature !== undefined) throw new Error('the file has a signature');
  const from = alignedTo(bytes.length, 16);
  const file = Buffer.concat([bytes, Buffer.alloc(from - bytes.length)]);
  const linkEdit = segments.get('__LINKEDIT');
  const linkEditEnd = file.readBigUInt64LE(linkEdit + 40) + file.readBigUInt64LE(linkEdit + 48);
  if (linkEditEnd > BigInt(from) || linkEditEnd + 16n <= BigInt(bytes.length))
    throw new Error('__LINKEDIT is not the end of the file');
  if (file.subarray(end, end + COMMAND_LENGTH).some((byte) => byte !== 0))
    throw new Error('there is no room for a load command');
  const pages = Math.ceil(from / PAGE);
  const directoryLength = hashesAt(identifier) + pages * SHA256_LENGTH;
  const length = alignedTo(SUPER_BLOB_LENGTH + directoryLength, 16);
  for (const [at, word] of [CODE_SIGNATURE, COMMAND_LENGTH, from, length].entries())
    file.writeUInt32LE(word, end + at * 4);
  file.writeUInt32LE(file.readUInt32LE(16) + 1, 16);
  file.writeUInt32LE(file.readUInt32LE(20) + COMMAND_LENGTH, 20);
  setLinkEditEnd(file, linkEdit, from + length);
  const blob = Buffer.alloc(length);
  const super_ = [0xfade0cc0, SUPER_BLOB_LENGTH + directoryLength, 1, 0, SUPER_BLOB_LENGTH];
  for (const [at, word] of super_.entries()) blob.writeUInt32BE(word, at * 4);
  codeDirectory(file, identifier, segments.get('__TEXT')).copy(blob, SUPER_BLOB_LENGTH);
  return Buffer.concat([file, blob]);
}
