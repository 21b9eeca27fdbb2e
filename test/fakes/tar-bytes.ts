import { TarReader } from '../../src/image/tar/tar-reader.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { plainEntry, type TarEntry } from '../../src/model/image.ts';

/** An entry with plain defaults. */
export function entry(fields: Partial<TarEntry> = {}): TarEntry {
  return { ...plainEntry('file', 'file', 0, 0o644), ...fields };
}

/** A whole archive of the entries; sizes are taken as given. */
export function tarOf(
  items: readonly { readonly entry: TarEntry; readonly content?: Uint8Array }[],
): Buffer {
  return Buffer.concat([
    ...items.flatMap(({ entry: e, content = Buffer.alloc(0) }) => [
      tarHeader(e),
      content,
      tarPadding(content.length),
    ]),
    TAR_END,
  ]);
}

/** Files by path with their text, as a layer's tar. */
export function layerTar(files: Readonly<Record<string, string>>): Buffer {
  return tarOf(
    Object.entries(files).map(([name, text]) => {
      const content = Buffer.from(text);
      return { entry: entry({ name, size: content.length }), content };
    }),
  );
}

/** All entries of an archive that arrives in chunks of `step` bytes, with their content. */
export function readTar(
  bytes: Uint8Array,
  step = 65_536,
): { readonly entry: TarEntry; readonly content: Buffer }[] {
  const items: { entry: TarEntry; content: Buffer }[] = [];
  let open: { entry: TarEntry; parts: Buffer[] } | undefined;
  const reader = new TarReader({
    onEntry: (e) => {
      open = { entry: e, parts: [] };
    },
    onContent: (chunk) => open?.parts.push(Buffer.from(chunk)),
    onEntryEnd: () => {
      if (open) items.push({ entry: open.entry, content: Buffer.concat(open.parts) });
      open = undefined;
    },
  });
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  reader.end();
  return items;
}

/** Bytes in pieces of `size`, as a connection gives them. */
export async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
