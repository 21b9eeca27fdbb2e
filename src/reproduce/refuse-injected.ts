import { X509Certificate } from 'node:crypto';
import type { BuiltPlatform } from '../build/image-under-build.ts';
import { FOLDER } from '../build/sent-dockerfile.ts';
import { copiedStage, layerLines } from '../dockerfile/layer-lines.ts';
import { openerOf, ScanBudget } from '../facts/secrets/open-content.ts';
import type { BlobStore } from '../image/blob-store.ts';
import type { EntrySink } from '../image/formats/inflate.ts';
import { layerPath } from '../image/tar/tar-header.ts';
import { TarReader } from '../image/tar/tar-reader.ts';
import { plainLayer } from '../image/walk/unpack-layer.ts';
import { UserError } from '../lib/errors.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { tracedLayers } from './compare-entries.ts';

/** Bytes that only a recording's additions to RUNs contain, and what they are. */
interface Trace {
  readonly what: string;
  readonly bytes: Buffer;
}

/** First bytes, enough to see how a file is packed. */
const HEAD = 64 * 1024;
/** Places named per layer, and in all. */
const SHOWN_OF_LAYER = 8;
const SHOWN = 24;
/** Characters of base64 without a line break, two after each other. */
const FRAGMENT = 24;
/** Of an uncompressed point, without its first byte (SEC 1, section 2.3.3). */
const POINT = 64;
const PASSWORD = 'the password of its proxy';

/** What to find: each secret and file of this build, as text, as base64 and as bytes. */
export function tracesOf(proxyUrl: string, pem: string, mark: string): readonly Trace[] {
  const { password } = new URL(proxyUrl);
  const { raw, publicKey } = new X509Certificate(pem);
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-POINT);
  const whole = raw.toString('base64');
  const at = Math.ceil((raw.indexOf(point) * 4) / 3);
  const of = (what: string, forms: readonly (string | Uint8Array)[]): readonly Trace[] =>
    forms.map((form) => ({ what, bytes: Buffer.from(form as string) }));
  return [
    ...of(PASSWORD, writings(password)),
    ...of('its certificate', [
      point,
      ...[at, at + FRAGMENT].map((i) => whole.slice(i, i + FRAGMENT)),
    ]),
    ...of('its resolv.conf or apt.conf', writings(mark)),
    ...of('names of its files', [`${FOLDER}/`]),
  ];
}

/** A text plain, in UTF-16, and in base64 at each of its three offsets. */
function writings(text: string): readonly (string | Uint8Array)[] {
  const inBase64 = [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    // Without the letters that bytes before or after it change.
    return bytes
      .toString('base64')
      .slice(Math.ceil((shift * 4) / 3), Math.floor(bytes.length / 3) * 4);
  });
  return [text, Buffer.from(text, 'utf16le'), ...inBase64];
}

/**
 * Searches a recorded or replayed build for what we added to its RUNs, and throws UserError if it
 * finds any. Searches layers, configuration and provenance: plain, in base64, and in archives that
 * the secret search opens.
 */
export async function refuseInjected(
  traces: readonly Trace[],
  at: {
    readonly blobs: BlobStore;
    readonly dockerfile: DockerfileModel;
    readonly file: string;
  },
  built: readonly BuiltPlatform[],
): Promise<void> {
  const { blobs, dockerfile, file } = at;
  const places: string[] = [];
  for (const { manifest, config, provenance } of built) {
    const ids = config.rootfs.diff_ids;
    const layers = manifest.layers.map((blob, i) => ({ blob, diffId: ids[i] ?? blob.digest }));
    const made = tracedLayers(layers, config).map(({ createdBy }) => createdBy);
    const lines = layerLines(dockerfile, made);
    for (const [i, blob] of manifest.layers.entries())
      // BuildKit keeps a base's layers compressed.
      if (blob.mediaType === MEDIA_TYPE.layer) {
        const found = [...(await inLayer(plainLayer(blobs, blob.digest), traces))];
        const place = placeOf(dockerfile, lines[i], file);
        const shown = found.slice(0, SHOWN_OF_LAYER);
        places.push(...shown.map(([path, what]) => `${place}/${path} has ${what}`));
        if (found.length > shown.length)
          places.push(`${place}${found.length - shown.length} more files`);
      }
    const secrets = traces.filter(({ what }) => what === PASSWORD);
    for (const [document, said] of [
      ["the image's configuration", textFound(JSON.stringify(config), traces)],
      ['the provenance', textFound(JSON.stringify(provenance ?? null), secrets)],
    ])
      if (said !== undefined) places.push(`${proxyPlace(dockerfile, file)}${document} has ${said}`);
  }
  if (places.length === 0) return;
  const more = places.length > SHOWN ? [`and ${places.length - SHOWN} more`] : [];
  const what = 'the build copied what the recording put into its RUNs';
  throw new UserError([what, ...places.slice(0, SHOWN), ...more].join('\n  '), {
    nextStep: 'copy less, or unset the variables before; nothing was published',
  });
}

/** By path, what a layer has of a recording. */
async function inLayer(
  layer: AsyncIterable<Uint8Array>,
  traces: readonly Trace[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const budget = new ScanBudget();
  let scan: TraceScan | undefined;
  const reader = new TarReader({
    onEntry: ({ type, name, linkname, pax }) => {
      const path = layerPath(name) ?? name;
      const note = (what: string): void => void found.set(path, found.get(path) ?? what);
      const named = textFound(`/${name}\n${linkname}\n${JSON.stringify(pax)}`, traces);
      if (named !== undefined) note(named);
      scan = type === 'file' ? new TraceScan(traces, note, budget) : undefined;
    },
    onContent: (chunk) => void scan?.push(chunk),
    onEntryEnd: () => scan?.end(),
  });
  for await (const chunk of layer) reader.push(chunk);
  reader.end();
  return found;
}

function textFound(text: string, traces: readonly Trace[]): string | undefined {
  return found(Buffer.from(text), traces);
}

function found(bytes: Buffer, traces: readonly Trace[]): string | undefined {
  return traces.find((trace) => bytes.includes(trace.bytes))?.what;
}

/** Searches content as it comes, and what is packed in it. */
class TraceScan implements EntrySink {
  readonly #traces: readonly Trace[];
  readonly #note: (what: string) => void;
  readonly #budget: ScanBudget;
  readonly #depth: number;
  readonly #overlap: number;
  #seen = Buffer.alloc(0);
  #head: Buffer | undefined = Buffer.alloc(0);
  #opener: EntrySink | undefined;

  constructor(
    traces: readonly Trace[],
    note: (what: string) => void,
    budget: ScanBudget,
    depth = 0,
  ) {
    this.#traces = traces;
    this.#note = note;
    this.#budget = budget;
    this.#depth = depth;
    this.#overlap = Math.max(...traces.map(({ bytes }) => bytes.length)) - 1;
  }

  push(bytes: Uint8Array): boolean {
    const piece = Buffer.concat([this.#seen, bytes]);
    const what = found(piece, this.#traces);
    if (what !== undefined) this.#note(what);
    this.#seen = Buffer.from(piece.subarray(-this.#overlap));
    if (this.#head !== undefined) {
      this.#head = Buffer.concat([this.#head, bytes]);
      if (this.#head.length >= HEAD) this.#open(this.#head);
    } else if (this.#opener?.push(bytes) === false) this.#opener = undefined;
    return true;
  }

  end(): void {
    if (this.#head !== undefined) this.#open(this.#head);
    this.#opener?.end();
  }

  #open(head: Buffer): void {
    this.#head = undefined;
    const member = (): EntrySink =>
      new TraceScan(this.#traces, this.#note, this.#budget, this.#depth + 1);
    this.#opener = openerOf(head, this.#depth, this.#budget, () => undefined, member);
    if (this.#opener?.push(head) === false) this.#opener = undefined;
  }
}

/** The line that wrote a layer; for a COPY from another stage, also those of its RUNs. */
function placeOf(dockerfile: DockerfileModel, line: number | undefined, file: string): string {
  if (line === undefined) return `${file}: `;
  const runs = copiedStage(dockerfile, line)?.runLines ?? [];
  return `${file}:${line}${runs.length === 0 ? '' : ` (from a RUN of line ${runs.join(', ')})`}: `;
}

/** Only the proxy's variable can get into the configuration: by an ARG of the Dockerfile. */
function proxyPlace({ stages }: DockerfileModel, file: string): string {
  const named = stages
    .flatMap(({ instructions }) => instructions)
    .find(({ keyword, rawArguments }) => keyword !== 'RUN' && /_proxy\b/i.test(rawArguments));
  return named === undefined ? '' : `${file}:${named.range.startLine}: `;
}
