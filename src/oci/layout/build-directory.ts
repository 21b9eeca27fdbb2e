import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../../model/digest.ts';
import { errorCode, UserError } from '../../model/errors.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/oci.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../../model/reference.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { writeBeside } from '../blobs/replace-file.ts';
import { parseManifest } from '../documents.ts';
import { imageParts, namedEntries, readExportedIndex } from '../image-index.ts';
import { OWNER, type StoredBuild, writeRecord } from './build-record.ts';

const PROVENANCE = 'https://slsa.dev/provenance/';
const LAYOUT = JSON.stringify({ imageLayoutVersion: '1.0.0' });

/** What a finished build holds. */
interface BuildContent {
  /** Image indexes or manifests that the names stand for. */
  readonly manifests: readonly Descriptor[];
  readonly names: readonly ImageReference[];
  /** Signatures and attestations, listed so that other readers of layouts find them. */
  readonly referrers?: readonly Descriptor[];
}

/** One build's OCI layout: its own index.json over the blobs that all builds share. */
export class BuildDirectory {
  readonly id: string;
  readonly dir: string;
  readonly blobs: BlobStore;
  readonly #now: () => number;
  #isFinished = false;

  constructor(id: string, dir: string, blobs: BlobStore, now: () => number) {
    this.id = id;
    this.dir = dir;
    this.blobs = blobs;
    this.#now = now;
  }

  /** Writes index.json (one entry per name), marks the build finished. May be called again. */
  async finish(content: BuildContent): Promise<StoredBuild> {
    const names = content.names.map((reference) => {
      const tagged = withDefaultTag(reference);
      return { full: formatReference(tagged), tag: tagged.tag ?? 'latest' };
    });
    const manifests = [
      ...content.manifests.flatMap((descriptor) => namedEntries(descriptor, names)),
      ...(content.referrers ?? []),
    ];
    await this.#removeRaw();
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
    await writeBeside(join(this.dir, 'oci-layout'), LAYOUT);
    await writeBeside(join(this.dir, 'index.json'), JSON.stringify(index));
    // buildx leaves its folder for unfinished blobs behind; a Dockerfile that was sent from here
    // has served.
    for (const name of ['ingest', 'sent'])
      await rm(join(this.dir, name), { recursive: true, force: true });
    const finishedAt = this.#now();
    await writeRecord(this.dir, finishedAt);
    this.#isFinished = true;
    return { id: this.id, dir: this.dir, finishedAt, names: names.map((n) => n.full), manifests };
  }

  /** What is finished is kept for prune and push, what is not goes. */
  end(): Promise<void> {
    return this.#isFinished ? this.release() : this.discard();
  }

  /** Tells that this process no longer uses the build: prune may take it when its time has come. */
  async release(): Promise<void> {
    await rm(join(this.dir, OWNER), { force: true });
  }

  /** Removes a build that came to nothing; its blobs go with the next prune. */
  async discard(): Promise<void> {
    await this.#removeRaw();
    await rm(this.dir, { recursive: true, force: true });
  }

  /**
   * Removes what BuildKit attested to its export: it has the values of build arguments, with
   * passwords of proxies. Each run's is another blob.
   */
  async #removeRaw(): Promise<void> {
    try {
      const read = (one: Descriptor): Promise<Uint8Array> => this.blobs.readDocument(one);
      for (const { descriptor } of readExportedIndex(await readFile(join(this.dir, 'index.json'))))
        for (const one of (await imageParts(descriptor, read)).attestations)
          for (const { digest, annotations } of parseManifest(await read(one.descriptor), 'it')
            .layers)
            if (annotations?.['in-toto.io/predicate-type']?.startsWith(PROVENANCE) === true)
              await this.blobs.remove(digestHex(digest));
    } catch (error) {
      // There is no export, or the build was ended in the middle of it.
      if (!(error instanceof UserError) && errorCode(error) !== 'ENOENT') throw error;
    }
  }
}
