import type { Digest } from '../../model/digest.ts';
import { digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/oci.ts';
import { plainEntry, TAR_END, tarHeader, tarPadding } from '../../tar/writer.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reachable } from '../layout/reachable.ts';

interface DockerLoad {
  readonly blobs: BlobStore;
  /** Entries for index.json, named with `io.containerd.image.name` in full (see `namedEntries`). */
  readonly manifests: readonly Descriptor[];
  /** Blobs that the engine has already. */
  readonly omit?: ReadonlySet<Digest>;
  /** Told of every blob with nothing done before the first is read, then of each one's bytes as they are handed out. */
  readonly onTransfer?: (transfer: {
    readonly digest: Digest;
    readonly done: number;
    readonly total: number;
  }) => void;
}

/**
 * The OCI layout of the images as a tar that `docker load` reads from stdin: oci-layout, index.json, then the blobs by digest
 * without those in `omit`. The same images give the same bytes. Throws UserError where a blob is missing.
 */
export async function* dockerLoadStream(load: DockerLoad): AsyncIterable<Uint8Array> {
  const { blobs, manifests, omit } = load;
  const graph = await reachable(blobs, manifests);
  yield file('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
  yield file('index.json', Buffer.from(JSON.stringify(index)));
  yield folder('blobs/');
  yield folder('blobs/sha256/');
  const all = [...graph.manifests, ...graph.blobs]
    .filter((descriptor) => omit?.has(descriptor.digest) !== true)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  for (const { digest, size } of all) load.onTransfer?.({ digest, done: 0, total: size });
  for (const descriptor of all) yield* blob(load, descriptor);
  yield TAR_END;
}

async function* blob(
  { blobs, onTransfer }: DockerLoad,
  { digest, size }: Descriptor,
): AsyncIterable<Uint8Array> {
  const stored = await blobs.size(digest);
  if (stored !== size)
    throw new UserError(
      stored === undefined
        ? `blob ${digest} is not in the layout`
        : `blob ${digest} has ${stored} bytes where ${size} were stated`,
      { nextStep: 'Build the image again.' },
    );
  yield tarHeader(plainEntry(`blobs/sha256/${digestHex(digest)}`, 'file', size, 0o644));
  let done = 0;
  for await (const chunk of blobs.openRead(digest)) {
    yield chunk;
    done += chunk.length;
    onTransfer?.({ digest, done, total: size });
  }
  if (done !== size) throw new UserError(`blob ${digest} changed while it was read`);
  yield tarPadding(size);
}

function file(name: string, content: Uint8Array): Uint8Array {
  return Buffer.concat([
    tarHeader(plainEntry(name, 'file', content.length, 0o644)),
    content,
    tarPadding(content.length),
  ]);
}

function folder(name: string): Uint8Array {
  return tarHeader(plainEntry(name, 'directory', 0, 0o755));
}
