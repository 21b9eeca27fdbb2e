import { crc32 } from 'node:zlib';

/** How a column is kept: one number, or many of a width. */
type ColumnType = 'number' | 'i32' | 'u32' | 'f64' | 'u8';
type ColumnTypes = Readonly<Record<string, ColumnType>>;

type Column<T extends ColumnType> = T extends 'number'
  ? number
  : T extends 'i32'
    ? Int32Array
    : T extends 'u32'
      ? Uint32Array
      : T extends 'f64'
        ? Float64Array
        : Uint8Array;

/** Numbers by name, of the types that are asked for. */
export type Columns<T extends ColumnTypes> = { readonly [K in keyof T]: Column<T[K]> };

const ARRAYS = { i32: Int32Array, u32: Uint32Array, f64: Float64Array, u8: Uint8Array };
/** Arrays lie where the widest may, so that none is copied alone. */
const WIDTH = 8;
/** The CRC-32 of all that follows it, and how long the list of lengths is. */
const HEAD = 8;

/** Packs columns for this machine to read again: checksum, lengths, data in its byte order. */
export function packColumns<T extends ColumnTypes>(types: T, columns: Columns<T>): Buffer {
  const values = Object.keys(types).map((name) => columns[name] as number | Uint8Array);
  const lengths = values.map((value) => (typeof value === 'number' ? value : value.length));
  const list = Buffer.from(JSON.stringify(lengths));
  const parts: Uint8Array[] = [Buffer.alloc(HEAD), list, padding(HEAD + list.length)];
  for (const value of values)
    if (typeof value !== 'number') {
      const { buffer, byteOffset, byteLength } = value;
      parts.push(new Uint8Array(buffer, byteOffset, byteLength), padding(byteLength));
    }
  const bytes = Buffer.concat(parts);
  bytes.writeUInt32LE(list.length, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** What `packColumns` made of columns of these types; undefined for what was damaged since. */
export function unpackColumns<T extends ColumnTypes>(
  types: T,
  bytes: Buffer,
): Columns<T> | undefined {
  if (bytes.length < HEAD || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) return undefined;
  const list = bytes.readUInt32LE(4);
  const lengths = JSON.parse(bytes.toString('utf8', HEAD, HEAD + list)) as readonly number[];
  const columns: Record<string, unknown> = {};
  const { buffer } = new Uint8Array(bytes);
  let at = HEAD + list + padding(HEAD + list).length;
  for (const [i, [name, type]] of Object.entries(types).entries()) {
    const length = lengths[i] ?? 0;
    if (type === 'number') columns[name] = length;
    else {
      const array = new ARRAYS[type](buffer, at, length);
      columns[name] = array;
      at += array.byteLength + padding(array.byteLength).length;
    }
  }
  return columns as Columns<T>;
}

function padding(length: number): Uint8Array {
  return new Uint8Array((WIDTH - (length % WIDTH)) % WIDTH);
}
