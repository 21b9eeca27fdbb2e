import { gunzipSync } from 'node:zlib';
import { TarReader } from '../../src/image/tar/tar-reader.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { plainEntry, type TarEntry } from '../../src/model/image.ts';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { inThread } from '../../src/normalize/compressor.ts';
import { type LayerInput, normaliseLayer } from '../../src/normalize/normalise-layer.ts';

/** The epoch of the samples, and a time that is a day later. */
export const EPOCH = 1_700_000_000;
export const LATER = EPOCH + 86_400;

export interface Sample {
  readonly entry: TarEntry;
  readonly content: Uint8Array;
}

export function sample(
  name: string,
  content: Uint8Array | string = '',
  over: Partial<TarEntry> = {},
): Sample {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  const entry = {
    ...plainEntry(name, 'file', bytes.length, 0o644),
    mtime: LATER,
    typeflag: '0',
    ...over,
  };
  return { entry, content: bytes };
}

export function folder(name: string, over: Partial<TarEntry> = {}): Sample {
  return sample(`${name}/`, '', { type: 'directory', typeflag: '5', mode: 0o755, ...over });
}

export function hardlink(name: string, linkname: string, over: Partial<TarEntry> = {}): Sample {
  return sample(name, '', { type: 'hardlink', typeflag: '1', linkname, ...over });
}

export function tarOf(samples: readonly Sample[]): Buffer {
  return Buffer.concat([
    ...samples.flatMap(({ entry, content }) => [tarHeader(entry), content, tarPadding(entry.size)]),
    TAR_END,
  ]);
}

export function samplesOf(tar: Uint8Array): Sample[] {
  const found: { entry: TarEntry; chunks: Uint8Array[] }[] = [];
  const reader = new TarReader({
    onEntry: (entry) => void found.push({ entry, chunks: [] }),
    onContent: (chunk) => void found.at(-1)?.chunks.push(chunk.slice()),
    onEntryEnd: () => undefined,
  });
  reader.push(tar);
  reader.end();
  return found.map(({ entry, chunks }) => ({ entry, content: Buffer.concat(chunks) }));
}

export async function* cut(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.slice(at, at + length));
}

/**
 * Normalises samples by the safe rules in a RUN layer, or as `over` says; gives the result with
 * what is in the new layer.
 */
export async function normalised(
  samples: readonly Sample[] | Uint8Array,
  over: Partial<LayerInput> & { readonly cutAt?: number } = {},
) {
  const tar = samples instanceof Uint8Array ? samples : tarOf(samples);
  const blob: Uint8Array[] = [];
  const result = await normaliseLayer({
    open: () => cut(tar, over.cutAt ?? 65_536),
    epoch: EPOCH,
    copied: false,
    rules: ruleSet('safe'),
    write: (chunk) => void blob.push(chunk),
    pool: () => inThread,
    ...over,
  });
  const plain = gunzipSync(Buffer.concat(blob));
  return { result, tar: plain, samples: samplesOf(plain) };
}

/** The only file's content after the safe rules. */
export async function contentAfter(one: Sample, over: Partial<LayerInput> = {}): Promise<Buffer> {
  const { samples } = await normalised([one], over);
  return Buffer.from(samples[0]?.content ?? []);
}
