import { firstDifference } from './first-difference.ts';
import { listedNames } from './listed-names.ts';

/** `!<arch>` and its line end. */
export const AR = Buffer.from('!<arch>\n', 'latin1');
const HEADER = 60;

interface Member {
  /** Time, owner, group and mode, as written. */
  readonly header: string;
  readonly content: Uint8Array;
}

/** Members of two archives of ar (libraries, Debian's packages) that differ: what is in them, or only their headers. */
export function arDifference(first: Uint8Array, second: Uint8Array): string {
  const before = members(first);
  const after = members(second);
  const content: string[] = [];
  const headers: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === undefined || b === undefined || Buffer.compare(a.content, b.content) !== 0)
      content.push(name);
    else if (a.header !== b.header) headers.push(name);
  }
  const parts = [
    ...(headers.length > 0 ? [`time or owner of ${listedNames(headers)}`] : []),
    ...(content.length > 0 ? [`content of ${listedNames(content)}`] : []),
  ];
  return `ar: ${parts.join('; ') || firstDifference(first, second)}`;
}

function members(bytes: Uint8Array): ReadonlyMap<string, Member> {
  const found = new Map<string, Member>();
  for (let at = AR.length; at + HEADER <= bytes.length;) {
    const header = Buffer.from(bytes.subarray(at, at + HEADER)).toString('latin1');
    const size = Number(header.slice(48, 58));
    if (!(size >= 0)) break;
    const start = at + HEADER;
    found.set(header.slice(0, 16).trim(), {
      header: header.slice(16, 48),
      content: bytes.subarray(start, start + size),
    });
    at = start + size + (size % 2);
  }
  return found;
}
