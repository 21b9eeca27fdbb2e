import { TarReader } from '../tar/reader.ts';

/**
 * The content of the `position`th entry (from 0) of an archive, which is read from its start and given up behind that
 * entry.
 */
export async function* entryContent(
  archive: AsyncIterable<Uint8Array>,
  position: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = -1;
  let found: Uint8Array[] = [];
  const reader = new TarReader({
    onEntry: () => {
      at++;
    },
    onContent: (chunk) => {
      if (at === position) found.push(chunk);
    },
    onEntryEnd: () => undefined,
  });
  for await (const chunk of archive) {
    reader.push(chunk);
    yield* found;
    found = [];
    if (at > position) return;
  }
}
