import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { elfSections } from '../image/formats/elf.ts';
import { sqlitePageSize } from '../image/formats/sqlite.ts';
import { zipDirectory } from '../image/formats/zip.ts';
import { lookup } from '../lib/json.ts';
import type { ContentDifference } from '../model/report.ts';

const KEY = /-----BEGIN [A-Z0-9. ]*(PRIVATE KEY|CERTIFICATE|PUBLIC KEY|PARAMETERS)[A-Z0-9 ]*-----/;
/** A line of ssh-keygen's NAME.pub. */
const SSH_KEY = /^(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9@.-]+) AAAA/m;
const KEY_NAMES = lookup<string>({
  'PRIVATE KEY': 'a private key',
  CERTIFICATE: 'a certificate',
  'PUBLIC KEY': 'a public key',
  PARAMETERS: 'parameters for keys',
});

/** Files whose content is passwords, their hashes or tokens. */
const SECRET_FILE =
  /^(?:g?shadow-?|\.?htpasswd|\.erlang\.cookie|\.npmrc|\.netrc|\.pypirc|\.pgpass|\.env|\.env\..*|\.git-credentials|credentials|config\.json)$|secret|password|\.(?:pem|key|private)$/;
const SHADOW = /(?:^|\/)g?shadow-?$/;
/** shadow(5), in order. */
const SHADOW_FIELDS = ['name', 'password', 'day of the last change'];

/**
 * The first differing line of two texts; undefined for other contents. Keys and certificates are
 * named, never shown. Of files with secrets, only the line's number is shown.
 */
function textDifference(
  path: string,
  first: Uint8Array,
  second: Uint8Array,
): ContentDifference | undefined {
  if (!isText(first) || !isText(second)) return undefined;
  const before = lines(first);
  const after = lines(second);
  const key = KEY.exec(before.join('\n')) ?? KEY.exec(after.join('\n'));
  if (key !== null) return { format: 'key', detail: KEY_NAMES[key[1] ?? ''] ?? 'a private key' };
  if (SSH_KEY.test(before.join('\n')) && SSH_KEY.test(after.join('\n')))
    return { format: 'key', detail: 'a public key' };
  const length = Math.max(before.length, after.length);
  let at = 0;
  while (at < length && before[at] === after[at]) at += 1;
  if (isDeepStrictEqual(before.toSorted(), after.toSorted()))
    return { format: 'text', detail: `the same lines in another order, from line ${at + 1} on` };
  const told = SHADOW.test(path)
    ? `, not shown: ${shadowFields(before, after)}`
    : SECRET_FILE.test(posix.basename(path))
      ? ', not shown'
      : `: ${quotedLines(before[at], after[at])}`;
  return { format: 'text', detail: `line ${at + 1}${told}` };
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 8192).includes(0);
}

function lines(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('utf8').split('\n');
}

/** The differing fields over all lines: `password, day of the last change`. */
function shadowFields(before: readonly string[], after: readonly string[]): string {
  const fields = new Set<string>();
  for (let i = 0; i < Math.max(before.length, after.length); i += 1) {
    const [a, b] = [before[i] ?? '', after[i] ?? ''].map((line) => line.split(':'));
    if (a === undefined || b === undefined || a[0] !== b[0]) return 'other names';
    a.forEach((value, at) => {
      if (value !== b[at]) fields.add(SHADOW_FIELDS[at] ?? 'other fields');
    });
  }
  return [...fields].join(', ');
}

const LONGEST = 80;

/** Text shown before a difference: as long as a date. */
const SHOWN_BEFORE = 30;

/** A piece of text, short and in quotes, without what may be a token. */
function quoted(line: string | undefined): string {
  return line === undefined ? 'nothing' : shortened(withoutTokens(line));
}

/** Two lines from a word shortly before they differ: equal text before may look like a cause. */
function quotedLines(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined) return `${quoted(before)} and ${quoted(after)}`;
  // Tokens first: a cut one does not look like one.
  const [first, second] = [withoutTokens(before), withoutTokens(after)];
  let parts = 0;
  while (parts < first.length && first[parts] === second[parts]) parts += 1;
  const word = first.indexOf(' ', Math.max(0, parts - SHOWN_BEFORE)) + 1;
  const isLater = parts > SHOWN_BEFORE && parts < first.length && word > 0 && word <= parts;
  const cut = (line: string): string => shortened(isLater ? `…${line.slice(word)}` : line);
  return `${cut(first)} and ${cut(second)}`;
}

function shortened(told: string): string {
  return JSON.stringify(told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told);
}

/** Random-looking words may be tokens: first letters and length are enough to find them. */
function withoutTokens(line: string): string {
  return line
    .replace(/\b[0-9a-f]{32,}\b/gi, (word) => `${word.slice(0, 8)}…(${word.length} hex digits)`)
    .replace(/(?<![\w+/-])[A-Za-z0-9][\w+/-]{23,}={0,2}(?![\w+/-])/g, (word) =>
      isRandom(word) ? `${word.slice(0, 4)}…(${word.length} letters)` : word,
    );
}

/** Many characters of all three kinds: not a path or a name. */
function isRandom(word: string): boolean {
  const count = (kind: RegExp): number => word.match(kind)?.length ?? 0;
  return count(/[A-Z]/g) >= 4 && count(/[a-z]/g) >= 4 && count(/\d/g) >= 2;
}

type Describe = (first: Uint8Array, second: Uint8Array) => string;

/** Formats by their first bytes; below `least` bytes the header is incomplete. */
const FORMATS: readonly (readonly [
  format: ContentDifference['format'],
  magic: Buffer,
  least: number,
  describe: Describe,
])[] = [
  ['elf', Buffer.from('\x7fELF', 'latin1'), 64, elfDifference],
  ['zip', Buffer.from('PK\x03\x04', 'latin1'), 22, zipDifference],
  ['sqlite', Buffer.from('SQLite format 3\0', 'latin1'), 100, sqliteDifference],
  ['gzip', Buffer.from([0x1f, 0x8b]), 18, gzipDifference],
  ['ar', Buffer.from('!<arch>\n', 'latin1'), 68, arDifference],
  ['png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 20, pngDifference],
  ['pdf', Buffer.from('%PDF-', 'latin1'), 20, pdfDifference],
];

/**
 * Says where two contents of one file differ. They are never run, unpacked to disk, or shown whole;
 * keys are not shown at all.
 */
export function contentDifference(
  path: string,
  first: Uint8Array,
  second: Uint8Array,
): ContentDifference {
  const both = [first, second];
  for (const [format, magic, least, describe] of FORMATS)
    if (both.every((one) => one.length >= least && isSame(one.subarray(0, magic.length), magic)))
      return { format, detail: describe(first, second) };
  if (path.endsWith('.pyc') && both.every(({ length }) => length > 16))
    return { format: 'pyc', detail: pycDifference(first, second) };
  const text = textDifference(path, first, second);
  return text ?? { format: 'binary', detail: binaryDifference(first, second) };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** A named part of a file, such as an archive's member. */
interface Part {
  /** Bytes, or text that represents them. */
  readonly content: Uint8Array | string;
  /** Times and owners. */
  readonly head?: string;
}

type Parts = ReadonlyMap<string, Part>;

/** Names of the parts whose content differs, and of those where only the head does. */
function differingParts(
  before: Parts,
  after: Parts,
): { readonly content: readonly string[]; readonly heads: readonly string[] } {
  const content: string[] = [];
  const heads: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)];
    if (a === undefined || b === undefined || !isSame(bytesOf(a), bytesOf(b))) content.push(name);
    else if (a.head !== b.head) heads.push(name);
  }
  return { content, heads };
}

function bytesOf({ content }: Part): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** The first names of differing parts, shortened, and how many more there are. */
export function listedNames(names: readonly string[], most = 3, longest = 100): string {
  const shown = names.slice(0, most).map((name) => name.slice(0, longest) || '(unnamed)');
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${shown.join(', ')}${more}`;
}

/** `what of a, b`; nothing without names. */
function named(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what} of ${listedNames(names)}`];
}

/** From the central directory (APPNOTE, 4.3.12). Of members with one name the last counts. */
function zipDifference(first: Uint8Array, second: Uint8Array): string {
  const [before, after] = [first, second].map((bytes) => {
    const members = zipDirectory(bytes)?.members.map(
      ({ name, crc, size, time }) =>
        [name, { content: `${crc} ${size}`, head: `${time}` }] as const,
    );
    return members && new Map<string, Part>(members);
  });
  if (before === undefined || after === undefined) return 'zip: its directory cannot be read';
  const { content, heads } = differingParts(before, after);
  const parts = [...named('content', content), ...named('time', heads)];
  return `zip: ${parts.join('; ') || 'how it is compressed, order, or extra fields'}`;
}

const AR_HEADER = 60;

/** Libraries and Debian packages. */
function arDifference(first: Uint8Array, second: Uint8Array): string {
  const { content, heads } = differingParts(arMembers(first), arMembers(second));
  const parts = [...named('time or owner', heads), ...named('content', content)];
  return `ar: ${parts.join('; ') || firstDifference(first, second)}`;
}

function arMembers(bytes: Uint8Array): Parts {
  const found = new Map<string, Part>();
  for (let at = 8; at + AR_HEADER <= bytes.length;) {
    const header = Buffer.from(bytes.subarray(at, at + AR_HEADER)).toString('latin1');
    const size = Number(header.slice(48, 58));
    if (!(size >= 0)) break;
    const start = at + AR_HEADER;
    const content = bytes.subarray(start, start + size);
    found.set(header.slice(0, 16).trim(), { head: header.slice(16, 48), content });
    at = start + size + (size % 2);
  }
  return found;
}

/** Text chunks begin with a keyword (PNG, 11.3.3). */
const PNG_TEXTS = new Set(['tEXt', 'zTXt', 'iTXt']);

function pngDifference(first: Uint8Array, second: Uint8Array): string {
  const { content } = differingParts(pngChunks(first), pngChunks(second));
  return content.length === 0 ? 'PNG: order of its chunks' : `PNG chunk ${listedNames(content, 4)}`;
}

/** By type and keyword; of equal names, all but the last get a number. */
function pngChunks(bytes: Uint8Array): Parts {
  const found = new Map<string, Part>();
  const buffer = Buffer.from(bytes);
  for (let at = 8; at + 12 <= buffer.length;) {
    const end = at + 12 + buffer.readUInt32BE(at);
    const type = buffer.toString('latin1', at + 4, at + 8);
    const content = buffer.subarray(at + 8, Math.min(end - 4, buffer.length));
    const [keyword = ''] = content.toString('latin1', 0, 80).split('\0');
    const name = PNG_TEXTS.has(type) ? `${type} ${keyword}` : type;
    found.set(found.has(name) ? `${name} ${found.size}` : name, { content });
    at = end;
  }
  return found;
}

function elfDifference(first: Uint8Array, second: Uint8Array): string {
  const [before, after] = [elfSections(first), elfSections(second)];
  if (before === undefined || after === undefined) return 'ELF: its section table cannot be read';
  const parts = (sections: ReadonlyMap<string, Uint8Array>): Parts =>
    new Map([...sections].map(([name, content]) => [name, { content }]));
  const { content } = differingParts(parts(before), parts(after));
  if (content.length === 0) return 'ELF: headers or what lies between the sections';
  const constants = content.includes('.rodata')
    ? differingText(before.get('.rodata'), after.get('.rodata'))
    : '';
  return `ELF section ${listedNames(content, 5, 60)}${constants}`;
}

/** The text around the first differing byte, if it is text on both sides. */
function differingText(first: Uint8Array | undefined, second: Uint8Array | undefined): string {
  if (first === undefined || second === undefined) return '';
  const at = firstByte(first, second);
  const [a = '', b = ''] = [first, second].map((bytes) => textAround(bytes, at));
  return a === '' || b === '' ? '' : `: ${quoted(a)} and ${quoted(b)}`;
}

const LONGEST_TEXT = 40;

function textAround(bytes: Uint8Array, at: number): string {
  const isText = (i: number): boolean => (bytes[i] ?? 0) >= 0x20 && (bytes[i] ?? 0x7f) < 0x7f;
  let [from, to] = [at, at];
  while (at - from < LONGEST_TEXT && isText(from - 1)) from -= 1;
  while (to - at < LONGEST_TEXT && isText(to)) to += 1;
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}

const PDF_FIELDS =
  'CreationDate ModDate CreateDate ModifyDate MetadataDate DocumentID InstanceID ID'.split(' ');

/** Differing PDF fields with a time or an id; compressed parts are not read. */
function pdfDifference(first: Uint8Array, second: Uint8Array): string {
  const [a, b] = [first, second].map((bytes) => Buffer.from(bytes).toString('latin1'));
  const names = PDF_FIELDS.filter((name) => {
    const field = new RegExp(`[/:]${name}[\\s>=("'\\[<][^\\n]{0,100}`, 'g');
    return a?.match(field)?.join('\n') !== b?.match(field)?.join('\n');
  });
  return names.length === 0 ? 'PDF: its content' : `PDF: ${names.join(', ')}`;
}

/** Fields of a gzip member's header (RFC 1952, 2.3), else the data. */
function gzipDifference(first: Uint8Array, second: Uint8Array): string {
  const differs = differsIn(first, second);
  const fields = [
    differs(4, 8) && `modification time ${times(first, second, 4)}`,
    (differs(3, 4) || differs(8, 10)) && 'flags',
  ].filter((text) => text !== false);
  if (fields.length === 0) return 'gzip: what is compressed, or how';
  return `gzip header: ${fields.join(', ')}${differs(10) ? '; and what follows' : ''}`;
}

/** Compiled Python files (PEP 552): version, flags, source time, size or hash, code. */
function pycDifference(first: Uint8Array, second: Uint8Array): string {
  const differs = differsIn(first, second);
  const fields = [
    differs(0, 4) && 'version of Python',
    differs(4, 8) && 'kind of check',
    differs(8, 12) && `source time ${times(first, second, 8)}`,
    differs(12, 16) && 'source size or hash',
  ].filter((text) => text !== false);
  const header = fields.length > 0 ? [`header: ${fields.join(', ')}`] : [];
  return `.pyc ${[...header, ...(differs(16) ? ['code'] : [])].join('; ')}`;
}

const MOST_PAGES = 8;

/** The differing pages of an SQLite database (file format, 1.3: page size at byte 16). */
function sqliteDifference(first: Uint8Array, second: Uint8Array): string {
  const differs = differsIn(first, second);
  const size = Math.max(sqlitePageSize(first), 512);
  const pages: number[] = [];
  for (let start = 0; start < Math.max(first.length, second.length); start += size)
    if (differs(start, start + size)) pages.push(start / size + 1);
  const shown = pages.slice(0, MOST_PAGES).join(', ');
  const more = pages.length > MOST_PAGES ? ` and ${pages.length - MOST_PAGES} more` : '';
  return `sqlite page ${shown}${more}${pages[0] === 1 ? ' (page 1 contains the change counter)' : ''}`;
}

function differsIn(first: Uint8Array, second: Uint8Array): (from: number, to?: number) => boolean {
  return (from, to) => !isSame(first.subarray(from, to), second.subarray(from, to));
}

function times(first: Uint8Array, second: Uint8Array, at: number): string {
  const time = (bytes: Uint8Array): string =>
    new Date(Buffer.from(bytes).readUInt32LE(at) * 1000).toISOString();
  return `${time(first)} and ${time(second)}`;
}

function firstByte(first: Uint8Array, second: Uint8Array): number {
  const length = Math.min(first.length, second.length);
  let at = 0;
  while (at < length && first[at] === second[at]) at += 1;
  return at;
}

function firstDifference(first: Uint8Array, second: Uint8Array): string {
  const sizes =
    first.length === second.length ? '' : `; ${first.length} and ${second.length} bytes`;
  return `from byte ${firstByte(first, second)} on${sizes}`;
}

const ID = /[0-9a-f-]/i;
/** Length of a uuid; longer ids count too. */
const ID_DIGITS = 32;

/** The first differing byte, and whether all differences are within ids in hex. */
function binaryDifference(first: Uint8Array, second: Uint8Array): string {
  const place = firstDifference(first, second);
  return first.length === second.length && differsInIds(first, second)
    ? `hex digits of ids, ${place}`
    : place;
}

function differsInIds(first: Uint8Array, second: Uint8Array): boolean {
  const isId = (at: number): boolean =>
    [first[at], second[at]].every(
      (byte) => byte !== undefined && ID.test(String.fromCharCode(byte)),
    );
  for (let at = 0; at < first.length; at += 1) {
    if (first[at] === second[at]) continue;
    if (!isId(at)) return false;
    let [from, to] = [at, at];
    while (isId(from - 1)) from -= 1;
    while (isId(to)) to += 1;
    const text = Buffer.from(first.subarray(from, to)).toString('latin1').replaceAll('-', '');
    if (text.length < ID_DIGITS) return false;
    at = to - 1;
  }
  return true;
}
