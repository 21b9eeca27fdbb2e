import { UserError } from '../../lib/errors.ts';
import { byCodeUnit } from '../../lib/text.ts';
import {
  type Content,
  type Descriptor,
  MEDIA_TYPE,
  type OpenedPlatform,
  plainEntry,
} from '../../model/image.ts';
import { type Digest, digestHex, familiarReference, referencesOf } from '../../model/reference.ts';
import { entryName, reachable } from '../image-index.ts';
import { TAR_END, tarFile, tarHeader, tarPadding } from '../tar/tar-writer.ts';

const AGAIN = 'Build or fetch the image again.';

export interface DockerLoad {
  readonly blobs: Content;
  /** Entries for index.json, named with `io.containerd.image.name` in full (see `namedEntries`). */
  readonly manifests: readonly Descriptor[];
  /**
   * Platforms of the one image. Docker's classic store and `docker-archive:` do not read
   * index.json, and load these if there is a single one, by the names that `manifests` have.
   */
  readonly forClassic?: readonly Pick<OpenedPlatform, 'manifest'>[];
  /** Blobs that the engine has already. */
  readonly omit?: ReadonlySet<Digest>;
  /** Called for every blob with 0 done before the first is read, then as bytes are passed on. */
  readonly onTransfer?: (transfer: {
    readonly digest: Digest;
    readonly done: number;
    readonly total: number;
  }) => void;
}

/**
 * The OCI layout of the images as a tar that `docker load` reads from stdin: oci-layout,
 * index.json, perhaps manifest.json, then the blobs by digest without those in `omit`. The same
 * images give the same bytes. Throws UserError where a blob is missing.
 */
export async function* dockerLoadStream(load: DockerLoad): AsyncIterable<Uint8Array> {
  const { blobs, manifests, omit } = load;
  const graph = await reachable(blobs, manifests);
  yield tarFile('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'), 0o644);
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
  yield tarFile('index.json', Buffer.from(JSON.stringify(index)), 0o644);
  const [only, ...others] = load.forClassic ?? [];
  if (only !== undefined && others.length === 0) {
    const path = ({ digest }: Descriptor): string => `blobs/sha256/${digestHex(digest)}`;
    const { config, layers } = only.manifest;
    const names = referencesOf(manifests.flatMap((one) => entryName(one) ?? []));
    const RepoTags = names.length === 0 ? null : names.map(familiarReference);
    const entry = { Config: path(config), RepoTags, Layers: layers.map(path) };
    yield tarFile('manifest.json', Buffer.from(JSON.stringify([entry])), 0o644);
  }
  yield folder('blobs/');
  yield folder('blobs/sha256/');
  const all = [...graph.manifests, ...graph.blobs]
    .filter((descriptor) => omit?.has(descriptor.digest) !== true)
    .sort((a, b) => byCodeUnit(a.digest, b.digest));
  for (const { digest, size } of all) load.onTransfer?.({ digest, done: 0, total: size });
  const documents = new Set(graph.manifests);
  for (const descriptor of all)
    if (documents.has(descriptor)) {
      // A registry keeps them in another place than blobs.
      const bytes = await blobs.readDocument(descriptor);
      yield tarFile(`blobs/sha256/${digestHex(descriptor.digest)}`, bytes, 0o644);
      load.onTransfer?.({ digest: descriptor.digest, done: bytes.length, total: bytes.length });
    } else yield* blob(load, descriptor);
  yield TAR_END;
}

async function* blob(
  { blobs, onTransfer }: DockerLoad,
  { digest, size, urls = [] }: Descriptor,
): AsyncIterable<Uint8Array> {
  const isHere = await blobs.has(digest);
  // A foreign layer stays where its urls say (image-spec, layer.md, "Non-Distributable Layers").
  if (!isHere && urls.length > 0) return;
  if (!isHere) throw new UserError(`blob ${digest} is not in the layout`, { nextStep: AGAIN });
  yield tarHeader(plainEntry(`blobs/sha256/${digestHex(digest)}`, 'file', size, 0o644));
  let done = 0;
  for await (const chunk of blobs.openRead(digest, { size })) {
    done += chunk.length;
    if (done > size) break;
    yield chunk;
    onTransfer?.({ digest, done, total: size });
  }
  if (done !== size)
    throw new UserError(`blob ${digest} does not have the ${size} bytes that were stated`, {
      nextStep: AGAIN,
    });
  yield tarPadding(size);
}

function folder(name: string): Uint8Array {
  return tarHeader(plainEntry(name, 'directory', 0, 0o755));
}
