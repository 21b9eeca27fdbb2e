import type { ContentDifference } from '../model/difference.ts';
import { AR, arDifference } from './ar-difference.ts';
import { elfDifference } from './elf-difference.ts';
import { binaryDifference } from './first-difference.ts';
import { gzipDifference, pycDifference, sqliteDifference } from './header-differences.ts';
import { pdfDifference } from './pdf-difference.ts';
import { pngDifference } from './png-difference.ts';
import { textDifference } from './text-difference.ts';
import { zipDifference } from './zip-difference.ts';

const ELF = Buffer.from('\x7fELF', 'latin1');
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const GZIP = Uint8Array.of(0x1f, 0x8b);
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const PDF = Buffer.from('%PDF-', 'latin1');
const SQLITE = Buffer.from('SQLite format 3\0', 'latin1');

/** Says where two contents of one file differ. Neither is run, unpacked to disk, or shown as a whole; keys are not shown at all. */
export function contentDifference(
  path: string,
  first: Uint8Array,
  second: Uint8Array,
): ContentDifference {
  // A header that is not there whole is none.
  const both = (magic: Uint8Array, atLeast: number): boolean =>
    [first, second].every((one) => one.length >= atLeast && startsWith(one, magic));
  if (both(ELF, 64)) return { format: 'elf', detail: elfDifference(first, second) };
  if (both(ZIP, 22)) return { format: 'zip', detail: zipDifference(first, second) };
  if (both(SQLITE, 100)) return { format: 'sqlite', detail: sqliteDifference(first, second) };
  if (both(GZIP, 18)) return { format: 'gzip', detail: gzipDifference(first, second) };
  if (both(AR, 68)) return { format: 'ar', detail: arDifference(first, second) };
  if (both(PNG, 20)) return { format: 'png', detail: pngDifference(first, second) };
  if (both(PDF, 20)) return { format: 'pdf', detail: pdfDifference(first, second) };
  if (path.endsWith('.pyc') && first.length > 16 && second.length > 16)
    return { format: 'pyc', detail: pycDifference(first, second) };
  const text = textDifference(path, first, second);
  return text ?? { format: 'binary', detail: binaryDifference(first, second) };
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}
