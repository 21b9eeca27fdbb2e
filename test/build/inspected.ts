import { inspectPlatform } from '../../src/grade/inspect-layers.ts';
import { MEDIA_TYPE, type TarEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { entry, tarOf } from '../fakes/tar-bytes.ts';

/** An entry of a layer, and its content. */
export interface Item extends Partial<TarEntry> {
  readonly content?: string;
}

/** What is known of an image of these layers, lowest first, each read as often as it takes. */
export async function inspected(...all: readonly (readonly Item[])[]) {
  const blobs = all.map((items) =>
    tarOf(
      items.map(({ content = '', ...fields }) => ({
        entry: entry({ size: content.length, ...fields }),
        content: Buffer.from(content),
      })),
    ),
  );
  const layers = blobs.map((bytes) => {
    const digest = digestOf(bytes);
    return { blob: { mediaType: MEDIA_TYPE.layer, digest, size: bytes.length }, diffId: digest };
  });
  const origin = {
    openLayer: ({ digest }: { readonly digest: string }) => {
      const bytes = blobs.find((blob) => digestOf(blob) === digest) ?? Buffer.alloc(0);
      return Promise.resolve(
        (async function* () {
          await Promise.resolve();
          yield bytes;
        })(),
      );
    },
    layerFile: () => undefined,
  };
  const context = { paths: { cache: '/dev/null/none' }, signal: new AbortController().signal };
  const { content } = await inspectPlatform(context, origin as never, {
    config: {} as never,
    layers,
  });
  return content;
}
