import { deflateRawSync } from 'node:zlib';

/** An entry of an archive for tests; what is not said is as a usual tool writes it. */
export interface ZipItem {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly stored?: boolean;
  /** Sizes stand behind the content, as Java's own tool writes them. */
  readonly descriptor?: boolean;
  readonly flags?: number;
  readonly method?: number;
}

function fields(...pairs: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  return Buffer.concat(
    pairs.map(([value, bytes]) => {
      const part = Buffer.alloc(bytes);
      part.writeUIntLE(value, 0, bytes);
      return part;
    }),
  );
}

/** A zip archive (APPNOTE.TXT 4.3) without checksums, which no reader here looks at. */
export function zip(items: readonly ZipItem[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored = false, descriptor = false, flags = 0, method } of items) {
    const plain = Buffer.from(content);
    const bytes = stored ? plain : deflateRawSync(plain);
    const flag = flags | (descriptor ? 8 : 0);
    const kind = method ?? (stored ? 0 : 8);
    const known = (size: number): number => (descriptor ? 0 : size);
    const label = Buffer.from(name);
    const common = (sizes: readonly [number, number]): Buffer =>
      fields(
        [20, 2],
        [flag, 2],
        [kind, 2],
        [0, 4],
        [0, 4],
        [sizes[0], 4],
        [sizes[1], 4],
        [label.length, 2],
        [0, 2],
      );
    const local = Buffer.concat([
      fields([0x04034b50, 4]),
      common([known(bytes.length), known(plain.length)]),
      label,
      bytes,
      descriptor
        ? fields([0x08074b50, 4], [0, 4], [bytes.length, 4], [plain.length, 4])
        : Buffer.alloc(0),
    ]);
    directory.push(
      fields([0x02014b50, 4], [20, 2]),
      common([bytes.length, plain.length]),
      fields([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
      label,
    );
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = fields(
    [0x06054b50, 4],
    [0, 4],
    [items.length, 2],
    [items.length, 2],
    [listed.length, 4],
    [offset, 4],
    [0, 2],
  );
  return Buffer.concat([...locals, listed, end]);
}
