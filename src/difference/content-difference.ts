import { elfSections } from '../formats/elf.ts';
import { zipDirectory, type ZipMember } from '../formats/zip-directory.ts';
import type { ContentDifference } from '../model/difference.ts';
import { binaryDifference, firstDifference } from './first-difference.ts';
import { gzipDifference, pycDifference, sqliteDifference } from './header-differences.ts';
import { listedNames, bytesDiffer, differingNames } from './listed-names.ts';
import { pngDifference } from './png-difference.ts';
import { quoted } from './quoted.ts';
import { textDifference } from './text-difference.ts';

const ELF = Buffer.from('\x7fELF', 'latin1');
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const GZIP = Uint8Array.of(0x1f, 0x8b);
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const PDF = Buffer.from('%PDF-', 'latin1');
const SQLITE = Buffer.from('SQLite format 3\0', 'latin1');

/**
 * Says where two contents of one file differ. Neither is run, unpacked to disk, or shown as a
 * whole; keys are not shown at all.
 */
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

const FIELDS = [
  'CreationDate',
  'ModDate',
  'CreateDate',
  'ModifyDate',
  'MetadataDate',
  'DocumentID',
  'InstanceID',
  'ID',
];

/** Differing PDF fields that say when or which copy it is; compressed parts are not read. */
function pdfDifference(first: Uint8Array, second: Uint8Array): string {
  const [a, b] = [first, second].map((bytes) => Buffer.from(bytes).toString('latin1'));
  const names = FIELDS.filter((name) => {
    const field = new RegExp(`[/:]${name}[\\s>=("'\\[<][^\\n]{0,100}`, 'g');
    return a?.match(field)?.join('\n') !== b?.match(field)?.join('\n');
  });
  return names.length === 0 ? 'PDF: its content' : `PDF: ${names.join(', ')}`;
}

/** Zip or jar entries that differ by central directory (APPNOTE, 4.3.12): content or only times. */
function zipDifference(first: Uint8Array, second: Uint8Array): string {
  const before = membersOf(first);
  const after = membersOf(second);
  if (before === undefined || after === undefined) return 'zip: its directory cannot be read';
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const content: string[] = [];
  const times: string[] = [];
  for (const name of names) {
    const a = before.get(name);
    const b = after.get(name);
    if (a === undefined || b === undefined || a.crc !== b.crc || a.size !== b.size)
      content.push(name);
    else if (a.time !== b.time) times.push(name);
  }
  const parts = [
    ...(content.length > 0 ? [`content of ${listedNames(content)}`] : []),
    ...(times.length > 0 ? [`time of ${listedNames(times)}`] : []),
  ];
  return `zip: ${parts.join('; ') || 'how it is compressed, order, or extra fields'}`;
}

/** Where a name is there twice the last counts, as it does when the archive is unpacked. */
function membersOf(bytes: Uint8Array): ReadonlyMap<string, ZipMember> | undefined {
  const directory = zipDirectory(bytes);
  return directory && new Map(directory.members.map((member) => [member.name, member]));
}

const SHOWN = 5;
const LONGEST_TEXT = 40;

/** The sections of two ELF files that differ, by name. */
function elfDifference(first: Uint8Array, second: Uint8Array): string {
  const before = elfSections(first);
  const after = elfSections(second);
  if (before === undefined || after === undefined) return 'ELF: its section table cannot be read';
  const names = differingNames(before, after, bytesDiffer);
  if (names.length === 0) return 'ELF: headers or what lies between the sections';
  const constants = names.includes('.rodata')
    ? differingText(before.get('.rodata'), after.get('.rodata'))
    : '';
  return `ELF section ${listedNames(names, SHOWN, 60)}${constants}`;
}

/** The text around the first byte that differs, where it is one on both sides. */
function differingText(first: Uint8Array | undefined, second: Uint8Array | undefined): string {
  if (first === undefined || second === undefined) return '';
  let at = 0;
  while (at < first.length && first[at] === second[at]) at += 1;
  const [a, b] = [textAround(first, at), textAround(second, at)];
  return a === '' || b === '' ? '' : `: ${quoted(a)} and ${quoted(b)}`;
}

function textAround(bytes: Uint8Array, at: number): string {
  const isText = (i: number): boolean => (bytes[i] ?? 0) >= 0x20 && (bytes[i] ?? 0x7f) < 0x7f;
  let from = at;
  let to = at;
  while (at - from < LONGEST_TEXT && isText(from - 1)) from -= 1;
  while (to - at < LONGEST_TEXT && isText(to)) to += 1;
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}

/** `!<arch>` and its line end. */
const AR = Buffer.from('!<arch>\n', 'latin1');
const HEADER = 60;

interface Member {
  /** Time, owner, group and mode, as written. */
  readonly header: string;
  readonly content: Uint8Array;
}

/** Members of two ar archives (libraries, Debian packages) that differ: content or only headers. */
function arDifference(first: Uint8Array, second: Uint8Array): string {
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
