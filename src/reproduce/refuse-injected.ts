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

/** Bytes that nothing but what a recording puts into RUNs has, and what they are of. */
interface Trace {
  readonly what: string;
  readonly bytes: Buffer;
}

/** As many first bytes as tell how a file is packed. */
const HEAD = 64 * 1024;
/** Places that are told: of one layer, and of all. */
const SHOWN_OF_LAYER = 8;
const SHOWN = 24;
/** Characters of base64 that no line break divides, of two that follow each other. */
const FRAGMENT = 24;
/** Of an uncompressed point, without the byte that says so (SEC 1, section 2.3.3). */
const POINT = 64;
const PASSWORD = 'the password of its proxy';

/** What to look for: each secret and file of this build, as text, as base64 and as bytes. */
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

/** A text plain, in UTF-16, and in base64, in which it begins at one of three places. */
function writings(text: string): readonly (string | Uint8Array)[] {
  const inBase64 = [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    // The letters that what is before it or behind it decides as well are left out.
    return bytes
      .toString('base64')
      .slice(Math.ceil((shift * 4) / 3), Math.floor(bytes.length / 3) * 4);
  });
  return [text, Buffer.from(text, 'utf16le'), ...inBase64];
}

/**
 * Throws UserError where a layer, the configuration or the provenance of a recorded or replayed
 * build has what was put into its RUNs: plain, in base64, and in archives that the search for
 * secrets opens.
 */
export async function refuseInjected(
  traces: readonly Trace[],
  {
    blobs,
    dockerfile,
    file,
  }: {
    readonly blobs: BlobStore;
    readonly dockerfile: DockerfileModel;
    readonly file: string;
  },
  built: readonly BuiltPlatform[],
): Promise<void> {
  const places: string[] = [];
  for (const { manifest, config, provenance } of built) {
    const layers = manifest.layers.map((blob, i) => ({
      blob,
      diffId: config.rootfs.diff_ids[i] ?? blob.digest,
    }));
    const lines = layerLines(
      dockerfile,
      tracedLayers(layers, config).map(({ createdBy }) => createdBy),
    );
    for (const [i, blob] of manifest.layers.entries())
      // BuildKit leaves a base's layers compressed.
      if (blob.mediaType === MEDIA_TYPE.layer) {
        const found = [...(await inLayer(plainLayer(blobs, blob.digest), traces))];
        const place = placeOf(dockerfile, lines[i], file);
        const shown = found.slice(0, SHOWN_OF_LAYER);
        places.push(...shown.map(([path, what]) => `${place}/${path} has ${what}`));
        if (found.length > shown.length)
          places.push(`${place}${found.length - shown.length} more files`);
      }
    const said = textFound(JSON.stringify(config), traces);
    if (said !== undefined)
      places.push(`${proxyPlace(dockerfile, file)}the image's configuration has ${said}`);
    const secrets = traces.filter(({ what }) => what === PASSWORD);
    const proven = textFound(JSON.stringify(provenance ?? null), secrets);
    if (proven !== undefined)
      places.push(`${proxyPlace(dockerfile, file)}the provenance has ${proven}`);
  }
  if (places.length === 0) return;
  const more = places.length > SHOWN ? [`and ${places.length - SHOWN} more`] : [];
  throw new UserError(
    [
      'the build copied what the recording put into its RUNs',
      ...places.slice(0, SHOWN),
      ...more,
    ].join('\n  '),
    { nextStep: 'copy less, or unset the variables before; nothing was published' },
  );
}

/** By path, what of a recording a layer has. */
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

/** Looks at content as it comes, and at what is packed in it. */
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

/** The line that wrote a layer; of a COPY out of another stage, those of the RUNs behind it too. */
function placeOf(dockerfile: DockerfileModel, line: number | undefined, file: string): string {
  if (line === undefined) return `${file}: `;
  const runs = copiedStage(dockerfile, line)?.runLines ?? [];
  return `${file}:${line}${runs.length === 0 ? '' : ` (from a RUN of line ${runs.join(', ')})`}: `;
}

/** Only a variable of the proxy gets into the configuration: by an ARG of the Dockerfile. */
function proxyPlace({ stages }: DockerfileModel, file: string): string {
  const named = stages
    .flatMap(({ instructions }) => instructions)
    .find(({ keyword, rawArguments }) => keyword !== 'RUN' && /_proxy\b/i.test(rawArguments));
  return named === undefined ? '' : `${file}:${named.range.startLine}: `;
}
