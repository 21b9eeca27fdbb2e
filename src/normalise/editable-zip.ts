import { zipDirectory } from '../formats/zip-directory.ts';
import { type ExtraFields, localExtras } from '../formats/zip-records.ts';

/** Where a member's headers stand in the file, and its extra fields in both. */
export interface ZipEntry {
  readonly central: number;
  readonly local: number;
  readonly extras: readonly ExtraFields[];
}

const APK_SIGNATURE = Buffer.from('APK Sig Block 42', 'latin1');

/**
 * The members of a zip file; undefined where it cannot be edited in place: not a zip, headers that
 * disagree, or a signature over the whole file.
 */
export function editableEntries(bytes: Uint8Array): readonly ZipEntry[] | undefined {
  const directory = zipDirectory(bytes);
  // Something behind an archive is not the archive's: no program of a zip wrote it.
  if (directory?.behind !== 0 || isApk(bytes, directory.start)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: ZipEntry[] = [];
  for (const { central, local, extra } of directory.members) {
    const localExtra = localExtras(view, local, directory.end);
    if (localExtra === undefined) return undefined;
    entries.push({ central, local, extras: [extra, localExtra] });
  }
  return entries;
}

function isApk(bytes: Uint8Array, directory: number): boolean {
  return APK_SIGNATURE.equals(bytes.subarray(Math.max(0, directory - 16), directory));
}
