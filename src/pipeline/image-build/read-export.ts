import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStatement } from '../../attestations/statement.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { PREDICATE_TYPE, type Statement } from '../../model/statement.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { parseImageConfig, parseManifest } from '../../oci/documents.ts';
import { type AttestationManifest, imageParts, readExportedIndex } from '../../oci/image-index.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { restoredProvenance, withoutInjected } from '../../plans/hermetic/restore-build.ts';
import type { BuiltPlatform } from '../image-under-build.ts';

const PREDICATE_ANNOTATION = 'in-toto.io/predicate-type';
const MAX_STATEMENT = 32 * 1024 * 1024;

/** What BuildKit exported, as it would be without what puts RUNs behind a proxy. */
export async function exportOf(
  { layout, hermetic }: Pick<BuildPlan, 'layout' | 'hermetic'>,
  blobs: BlobStore,
): Promise<readonly BuiltPlatform[]> {
  const built = await readExport(layout, blobs);
  return hermetic === undefined ? built : built.map(restored);
}

function restored(built: BuiltPlatform): BuiltPlatform {
  const { config, provenance } = built;
  const history = config.history?.flatMap((entry) => withoutInjected(entry) ?? []);
  return {
    ...built,
    config: { ...config, ...(history === undefined ? {} : { history }) },
    provenance: provenance && {
      ...provenance,
      predicate: restoredProvenance(provenance.predicate),
    },
  };
}

/** Reads a layout that buildx exported: platforms, provenance. Throws UserError if unreadable. */
export async function readExport(
  layout: string,
  blobs: BlobStore,
): Promise<readonly BuiltPlatform[]> {
  const [image, second] = readExportedIndex(await readFile(join(layout, 'index.json')));
  if (image === undefined || second !== undefined)
    throw new UserError('buildx exported no image, or more than one, into the layout', {
      nextStep:
        'Run the build again; if it stays so, report it with the output of `docker buildx version`.',
    });
  const parts = await imageParts(image.descriptor, (d) => blobs.readDocument(d));
  return Promise.all(
    parts.manifests.map((descriptor) => readPlatform(descriptor, parts.attestations, blobs)),
  );
}

async function readPlatform(
  descriptor: Descriptor,
  attestations: readonly AttestationManifest[],
  blobs: BlobStore,
): Promise<BuiltPlatform> {
  const manifest = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
  const config = parseImageConfig(
    await blobs.readDocument(manifest.config),
    manifest.config.digest,
  );
  const mine = attestations.find((a) => a.subject === descriptor.digest);
  return {
    descriptor,
    manifest,
    config,
    provenance: mine === undefined ? undefined : await provenanceOf(mine.descriptor, blobs),
  };
}

async function provenanceOf(
  descriptor: Descriptor,
  blobs: BlobStore,
): Promise<Statement | undefined> {
  const manifest = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
  const wanted: readonly string[] = [
    PREDICATE_TYPE.slsaProvenanceV02,
    PREDICATE_TYPE.slsaProvenanceV1,
  ];
  for (const layer of manifest.layers) {
    if (!wanted.includes(layer.annotations?.[PREDICATE_ANNOTATION] ?? '')) continue;
    const statement = parseStatement(await blobs.read(layer.digest, MAX_STATEMENT));
    if (statement.ok) return statement.value;
    // An image without provenance is not what was asked for.
    throw new UserError(`BuildKit's provenance could not be read: ${statement.error}`, {
      nextStep: 'build with --provenance=false to go without, and report this',
    });
  }
  return undefined;
}
