import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';

/** Words with ␠ for a space, ␤ for a line's end and \xNN for a byte. */
const words = (text) =>
  text.split(' ').map((word) =>
    word
      .replaceAll('␠', ' ')
      .replaceAll('␤', '\n')
      .replaceAll(/\\x(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
  );
const repeated = (unit, size) => unit.repeat(Math.max(1, Math.floor(size / unit.length)));
const numbered = (size, each, make) =>
  Array.from({ length: Math.max(1, Math.floor(size / each)) }, (_, at) => make(at));
const forms = (units, make) => Object.fromEntries(units.map((unit) => [unit, make(unit)]));
const UNITS =
  'eyJ eyJhbGciOi.eyJ http://a: a@ / a/ - PASSWORD= " \' \\" $ ${A:- $( ` {a,b} <<A␠ xoxb-1- a␠&&␠b␠||␠ ␠ ␠\\x09 //_authToken= ␤//a/:_authToken= -----BEGIN␠RSA␠PRIVATE␠KEY----- ghp_ AKIA -----BEGIN␠RSA␠PRIVATE␠KEY-----␤MII␤ QUJD QUJDREVGR0hJSktM␤ 0123456789abcdef \\x5cx41 %41 a: a, 1. a ␤ ␠␤ #␤ A:␠b␤ P:a␤V:1␤F:a␤R:b␤ A=b␤ [a]␤b␠=␠c␤ a␠\\x5c␤ (MIT␠OR␠ s.name␠=␠"a"␤ \\x00 \\xe9 <a> Authorization:␠Bearer␠ jdbc:a;password= machine␠a␠login␠b␠password␠c␤ -␠ &a␠ {"password":"a","token": Package:␠a␤Version:␠1␤Status:␠install␠ok␠installed␤␤ <password>a';
const NESTS = ['{"a": 1 }', '[  ]', '{a:  }', '( a )', '$( b )', '${A:- b }'];
const DOCKERFILE_LINES =
  'ENV␠A=$A:x ARG␠A=$A$A COPY␠a␠/b RUN␠a␠&&␠b RUN␠curl␠-o␠/f␠http://x/f FROM␠debian LABEL␠a=b EXPOSE␠80 RUN␠a␠\\x5c␤#␠c WORKDIR␠a USER␠a ONBUILD␠RUN␠a COPY␠--from=0␠/a␠/b RUN␠a=$a$a;␠curl␠$a';
const MAGICS =
  'PK\\x03\\x04 PK\\x01\\x02 PK\\x05\\x06 \\x1f\\x8b\\x08 \\x78\\x9c \\x7fELF\\x02\\x01\\x01 \\xff␠Go␠buildinf: SQLite␠format␠3\\x00 \\x8e\\xad\\xe8\\x01 \\xfd7zXZ\\x00 \\x28\\xb5\\x2f\\xfd PACK\\x00\\x00\\x00\\x02 !<arch>␤ blob␠9\\x00 ustar\\x0000 070701 \\x00 \\xff \\x00\\x00\\x00\\x01 MZ %PDF-1.4␠stream␤ .dep-v0 p\\x00a\\x00s\\x00s\\x00';
const HEADS =
  '\\x7fELF\\x02\\x01\\x01\\x00 SQLite␠format␠3\\x00\\x10\\x00\\x01\\x01\\x00\\x40\\x20\\x20 PACK\\x00\\x00\\x00\\x02\\xff\\xff \\xed\\xab\\xee\\xdb \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x61\\x15\\x06\\x00 !<arch>␤debian-binary';

/** Ways in which text is hostile, each of about `size` characters. */
export const TEXT = {
  ...forms(words(UNITS), (unit) => (size) => repeated(unit, size)),
  ...forms(NESTS, (nest) => (size) => {
    const [open, middle, close] = nest.split(' ');
    const depth = Math.floor(size / (open.length + close.length));
    return open.repeat(depth) + middle + close.repeat(depth);
  }),
  keys: (size) => `{${numbered(size, 12, (at) => `"a${at}":1`).join()}}`,
  paths: (size) => numbered(size, 16, (at) => `/a${at}/b${at}\n`).join(''),
};
export const LINES = forms(
  words(DOCKERFILE_LINES),
  (line) => (size) => repeated(`${line}\n`, size),
);

const zip = (members) => zipSync(Object.fromEntries(members), { level: 1 });
const nested = (depth, inner) => (depth === 0 ? inner : nested(depth - 1, zip([['a.zip', inner]])));
const member = (name, text) => [name, Buffer.from(text)];
/** What programs, archives and databases are made of, again and again, alone or behind a head. */
export const BINARY = {
  ...forms(words(MAGICS), (unit) => (size) => Buffer.from(repeated(unit, size), 'latin1')),
  ...Object.assign(
    {},
    ...['\0', '\xff', '\x01\0\0\0', '\0\0\0\x01', '\x10\0'].map((unit) =>
      forms(
        words(HEADS).map((head) => head + unit),
        (start) => (size) => Buffer.from(start + repeated(unit, size), 'latin1'),
      ),
    ),
  ),
  members: (size) => zip(numbered(size, 100, (at) => member(`a${at}/b`, 'x'))),
  poms: (size) =>
    zip(numbered(size, 150, (at) => member(`META-INF/maven/a${at}/a/pom.properties`, 'version=1'))),
  npmrc: (size) => zip([member('.npmrc', repeated('//_authToken=', 4 * size))]),
  npmrcLines: (size) => zip([member('.npmrc', repeated('//a/:_authToken=\n', 4 * size))]),
  texts: (size) => zip(Object.values(TEXT).map((form, at) => member(`${at}.json`, form(size / 8)))),
  nested: (size) => nested(7, zip([member('a.txt', repeated('eyJ', size))])),
  emptyGzips: (size) => Buffer.alloc(size, gzipSync('')),
  passwords: (size) => gzipSync(repeated('PASSWORD=', 4 * size)),
};

/** An entry of an archive. */
export function entry(path, { content = '', type = '0', link = '', mode = 0o644 } = {}) {
  const bytes = Buffer.from(content, 'latin1');
  const block = Buffer.alloc(512 * (1 + Math.ceil(bytes.length / 512)));
  const octal = (value, at, width) => block.write(value.toString(8).padStart(width, '0'), at);
  block.write(path, 0, 99, 'latin1');
  for (const at of [108, 116]) octal(0, at, 7);
  octal(mode, 100, 7);
  octal(bytes.length, 124, 11);
  octal(1_700_000_000, 136, 11);
  block.write(`        ${type}${link}`, 148, 109, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  bytes.copy(block, 512);
  return block;
}
function pax(...pairs) {
  const records = pairs.map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const digits = String(rest.length + String(rest.length).length).length;
    return `${rest.length + digits}${rest}`;
  });
  return entry('pax', { type: 'x', content: records.join('') });
}
const entries = (each, make) => (size) => Buffer.concat(numbered(size, each, make).flat());
const named = (at, type, link) => entry(`l${at}`, { type, link });
/** Archives without their end. */
export const TAR = {
  same: entries(512, () => entry('usr/bin/a', { mode: 0o4755 })),
  names: entries(512, (at) => entry(`a${at}`)),
  deep: entries(3072, (at) => [pax(['path', `${'a/'.repeat(1000)}${at}`]), entry('b')]),
  deeper: entries(3072, (at) => [pax(['path', `${'a/'.repeat(at % 2000)}b`]), named(at, '5', '')]),
  whiteouts: entries(512, (at) => entry(`.wh.a${at}`)),
  opaque: entries(512, (at) => entry(`a${at % 7}/.wh..wh..opq`)),
  links: entries(512, (at) => named(at, '2', `l${at + 1}`)),
  climbing: entries(512, (at) => named(at, '2', `${'../'.repeat(30)}l${at}`)),
  hardlinks: entries(512, (at) => (at === 0 ? entry('l0') : named(at, '1', `l${at - 1}`))),
  records: (size) => Buffer.concat([pax(...numbered(size, 13, () => ['a', 'a'])), entry('a')]),
  attributes: (size) =>
    Buffer.concat([pax(...numbered(size, 24, (at) => [`SCHILY.xattr.${at}`, 'b'])), entry('a')]),
  longName: (size) =>
    Buffer.concat([entry('L', { type: 'L', content: repeated('a/', size) }), entry('a')]),
};

/** Writes an image into a folder: archives of layers, and fields of its documents. */
export function writeImage(dir, tars, { config = {}, own = {}, manifest = {} } = {}) {
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const add = (type, content) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    writeFileSync(join(dir, 'blobs/sha256', digest.slice(7)), bytes);
    return { mediaType: `application/vnd.oci.image.${type}`, digest, size: bytes.length };
  };
  const whole = tars.map((tar) => Buffer.concat([tar, Buffer.alloc(1024)]));
  const layers = whole.map((tar) => add('layer.v1.tar+gzip', gzipSync(tar, { level: 1 })));
  const rootfs = { type: 'layers', diff_ids: whole.map(digestOf) };
  const of = { architecture: 'amd64', os: 'linux', created: '2026-01-01T00:00:00Z', rootfs };
  const document = add('config.v1+json', { ...of, config: { Cmd: ['/app'], ...config }, ...own });
  const fields = { schemaVersion: 2, config: document, layers, ...manifest };
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, manifests: [add('manifest.v1+json', fields)] };
  writeFileSync(join(dir, 'index.json'), JSON.stringify(index));
}
