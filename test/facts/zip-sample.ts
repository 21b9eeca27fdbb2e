import { deflateRawSync } from 'node:zlib';

/** An entry of an archive for tests; what is not said is as a usual tool writes it. */
export interface ZipItem {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly stored?: boolean;
  /** Sizes stand behind the content, as Java's own tool writes them. */
  readonly descriptor?: boolean;
  /** The descriptor begins with its checksum, without a mark. */
  readonly unmarked?: boolean;
  /** Sizes and place take 8 bytes, as tools write them that do not know how much will come. */
  readonly zip64?: boolean;
  readonly flags?: number;
  readonly method?: number;
}

const ALL_ONES = 0xffffffff;

function fields(...pairs: readonly (readonly [value: number, bytes: 2 | 4 | 8])[]): Buffer {
  return Buffer.concat(
    pairs.map(([value, bytes]) => {
      const part = Buffer.alloc(bytes);
      if (bytes === 8) part.writeBigUInt64LE(BigInt(value));
      else part.writeUIntLE(value, 0, bytes);
      return part;
    }),
  );
}

/** What a local header and one in the directory have alike, and the name. */
function header(item: ZipItem, sizes: readonly number[], extra: Buffer): Buffer {
  const { stored = false, descriptor = false, flags = 0, method, zip64 = false } = item;
  const [packed = 0, plain = 0] = zip64 ? [ALL_ONES, ALL_ONES] : sizes;
  return fields(
    [zip64 ? 45 : 20, 2],
    [flags | (descriptor ? 8 : 0), 2],
    [method ?? (stored ? 0 : 8), 2],
    [0, 4],
    [0, 4],
    [packed, 4],
    [plain, 4],
    [Buffer.byteLength(item.name), 2],
    [extra.length, 2],
  );
}

function zip64Field(...numbers: readonly number[]): Buffer {
  return fields(
    [1, 2],
    [numbers.length * 8, 2],
    ...numbers.map((number): [number, 8] => [number, 8]),
  );
}

/**
 * A zip archive (APPNOTE.TXT 4.3) without checksums, which no reader here looks at; with `zip64`
 * its end has 8-byte totals.
 */
export function zip(items: readonly ZipItem[], { zip64 = false } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const item of items) {
    const plain = Buffer.from(item.content);
    const bytes = item.stored === true ? plain : deflateRawSync(plain);
    const sizes = [bytes.length, plain.length] as const;
    const known = item.descriptor === true ? ([0, 0] as const) : sizes;
    const isLong = item.zip64 === true;
    const extra = isLong ? zip64Field(known[1], known[0]) : Buffer.alloc(0);
    const width = isLong ? 8 : 4;
    const descriptor = Buffer.concat([
      item.unmarked === true ? Buffer.alloc(0) : fields([0x08074b50, 4]),
      fields([0, 4], [sizes[0], width], [sizes[1], width]),
    ]);
    const local = Buffer.concat([
      fields([0x04034b50, 4]),
      header(item, known, extra),
      Buffer.from(item.name),
      extra,
      bytes,
      item.descriptor === true ? descriptor : Buffer.alloc(0),
    ]);
    const central = isLong ? zip64Field(sizes[1], sizes[0], offset) : Buffer.alloc(0);
    directory.push(
      fields([0x02014b50, 4], [20, 2]),
      header(item, sizes, central),
      fields([0, 2], [0, 2], [0, 2], [0, 4], [isLong ? ALL_ONES : offset, 4]),
      Buffer.from(item.name),
      central,
    );
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const count = items.length;
  const end64 = fields(
    [0x06064b50, 4],
    [44, 8],
    [45, 2],
    [45, 2],
    [0, 8],
    [count, 8],
    [count, 8],
    [listed.length, 8],
    [offset, 8],
    [0x07064b50, 4],
    [0, 4],
    [offset + listed.length, 8],
    [1, 4],
  );
  const end = fields(
    [0x06054b50, 4],
    [0, 4],
    [zip64 ? 0xffff : count, 2],
    [zip64 ? 0xffff : count, 2],
    [zip64 ? ALL_ONES : listed.length, 4],
    [zip64 ? ALL_ONES : offset, 4],
    [0, 2],
  );
  return Buffer.concat([...locals, listed, ...(zip64 ? [end64] : []), end]);
}
