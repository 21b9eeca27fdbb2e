import { isPlainText, type RecordReader, textOf } from './record.ts';

const COPYRIGHT = /^usr\/share\/doc\/[^/]+\/copyright$/;
/** The machine-readable form (Debian's copyright-format 1.0); others are prose. */
const FORMAT = /^Format:/m;
const LICENSE = /^License:[ \t]*(\S[^\n]*)$/gm;
const MAX_LICENSES = 50;

/** Where a Debian package states its licenses; the folder may link to that of another package. */
export function copyrightPath(packageName: string): string {
  return `usr/share/doc/${packageName}/copyright`;
}

/** Short names of the licenses that a Debian copyright file names, each once. */
export const DEBIAN_COPYRIGHT: RecordReader = {
  matches: (path) => path.endsWith('/copyright') && COPYRIGHT.test(path),
  cap: 512 * 1024,
  read: (content) => {
    const text = textOf(content);
    if (!FORMAT.test(text.slice(0, 1024))) return { packages: [] };
    const names = [...text.matchAll(LICENSE)].map((match) => (match[1] ?? '').trim());
    const licenses = [...new Set(names)].filter((name) => isPlainText(name, 200)).sort();
    return { packages: [], licenses: licenses.slice(0, MAX_LICENSES) };
  },
};
