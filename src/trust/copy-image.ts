import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { entries, writeImageFile } from '../build/load-image.ts';
import type { Registries } from '../build/registries.ts';
import { type AttachedClosure, attachedClosure } from '../image/attachments.ts';
import { reachable } from '../image/image-index.ts';
import { wholeEntries } from '../image/layout/entries.ts';
import { pushImage } from '../image/registry/push.ts';
import { UserError } from '../lib/errors.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { Descriptor, OpenedImage, WholeImage } from '../model/image.ts';
import { type Digest, formatReference, type ImageReference } from '../model/reference.ts';
import { publishedReferrers } from '../reproduce/inputs.ts';

export type CopyTarget =
  | {
      readonly kind: 'registry';
      readonly reference: Pick<ImageReference, 'registry' | 'repository'>;
      /** None: by digest alone. */
      readonly tags: readonly string[];
      /** A repository of the same registry that has the blobs. */
      readonly mountFrom?: string;
    }
  | {
      /** A new archive, or a layout directory, which keeps what it lists. */
      readonly kind: 'file';
      readonly path: string;
      readonly directory: boolean;
    };

interface ImageCopy {
  readonly digest: Digest;
  readonly attached: readonly {
    readonly subject: Digest;
    readonly digest: Digest;
    readonly type: string;
  }[];
  readonly bytes: number;
  readonly present: number;
}

interface Parts extends WholeImage, AttachedClosure {
  readonly root: Descriptor;
}

/**
 * Copies an image by digest with everything that hangs on it: signatures, attestations, what hangs
 * on those. Nothing is built or signed, and what the target has of others stays; a tag is set when
 * all else is there. Throws UserError; then no tag was set, and no file left.
 */
export async function copyImage(
  context: PipelineContext,
  registries: Registries,
  image: OpenedImage,
  target: CopyTarget,
): Promise<ImageCopy> {
  const { name, whole } = image;
  if (whole === undefined)
    throw new UserError(`${name} has no manifest of its own, so it has no digest to keep`, {
      nextStep: 'Load it into Docker, and build or push it from there.',
    });
  if (target.kind === 'file') await refuseExisting(context, target);
  const { mediaType, digest, size } = image.root;
  const root = { mediaType, digest, size };
  const { manifests } = await reachable(whole.content, [root]);
  const found = await attachedClosure(
    whole,
    manifests.map((manifest) => manifest.digest),
  );
  // What a build of this machine fetched may be private; elsewhere its owner has published it.
  const isKept = ({ descriptor }: AttachedClosure['referrers'][number]): boolean =>
    image.place !== 'store' || publishedReferrers([descriptor], false).length > 0;
  const closure = { ...found, referrers: found.referrers.filter(isKept) };
  if (closure.referrers.length + closure.tagged.length === 0)
    context.emit({
      kind: 'notice',
      text: `no signatures or attestations hang on ${whole.names[0] ?? name} there`,
    });
  const parts = { ...whole, ...closure, root };
  const sent =
    target.kind === 'registry'
      ? await toRegistry(context, registries, parts, target)
      : await toFile(context, parts, target);
  const attached = [
    ...closure.referrers.map(({ subject, descriptor }) => ({
      subject,
      digest: descriptor.digest,
      type: descriptor.artifactType ?? descriptor.mediaType,
    })),
    ...closure.tagged.map(({ tag, descriptor }) => ({
      subject: tag.replace(/^sha256-([0-9a-f]+)\..*$/, 'sha256:$1') as Digest,
      digest: descriptor.digest,
      type: tag,
    })),
  ];
  return { digest, attached, ...sent };
}

type Sent = Pick<ImageCopy, 'bytes' | 'present'>;

function toRegistry(
  context: PipelineContext,
  registries: Registries,
  { root, content, referrers, tagged }: Parts,
  target: Extract<CopyTarget, { kind: 'registry' }>,
): Promise<Sent> {
  const { registry, repository } = target.reference;
  const { tags, mountFrom } = target;
  return phase(
    context,
    'push',
    async () => {
      const pushed = await pushImage({
        blobs: content,
        client: registries.client(registry),
        repository,
        root,
        referrers: referrers.map(({ descriptor }) => descriptor),
        tagged,
        tags,
        onTransfer: (transfer) => {
          context.emit({ kind: 'transfer', phase: 'push', ...transfer });
        },
        ...(mountFrom === undefined ? {} : { mountFrom: () => mountFrom }),
      });
      for (const tag of pushed.kept)
        context.emit({
          kind: 'warning',
          text: `${registry}/${repository}:${tag} is another SBOM there, and stays`,
        });
      const present = pushed.present.length + pushed.mounted.length;
      return { bytes: pushed.uploadedBytes, present };
    },
    ({ bytes }) => ({
      detail: `${formatReference({ registry, repository })}@${root.digest}, ${said(referrers, tagged)}, ${(bytes / 1e6).toFixed(1)} MB sent`,
    }),
  );
}

async function refuseExisting(
  { cwd }: PipelineContext,
  { path, directory }: Extract<CopyTarget, { kind: 'file' }>,
): Promise<void> {
  const there = await stat(resolve(cwd, path)).catch(() => undefined);
  if (!directory && there?.isFile() === true)
    throw new UserError(`${path} exists already`, {
      nextStep: 'Remove it, or name another file; a layout directory (oci:DIR) is added to.',
    });
}

function toFile(
  context: PipelineContext,
  { root, content, referrers, tagged, names }: Parts,
  { path, directory }: Extract<CopyTarget, { kind: 'file' }>,
): Promise<Sent> {
  return phase(
    context,
    'copy',
    async () => {
      const sizes = new Map<Digest, number>();
      await writeImageFile(context, {
        blobs: content,
        manifests: wholeEntries(
          entries(root, names),
          referrers.map(({ descriptor }) => descriptor),
          tagged,
        ),
        path,
        directory,
        beside: directory,
        onTransfer: (transfer) => {
          sizes.set(transfer.digest, transfer.done);
          context.emit({ kind: 'transfer', phase: 'copy', ...transfer });
        },
      });
      return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), present: 0 };
    },
    ({ bytes }) => ({
      detail: `${path}, ${said(referrers, tagged)}, ${(bytes / 1e6).toFixed(1)} MB`,
    }),
  );
}

function said(referrers: AttachedClosure['referrers'], tagged: AttachedClosure['tagged']): string {
  return `${referrers.length} referrers and ${tagged.length} tags of cosign`;
}
