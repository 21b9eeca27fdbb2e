import type { LinkedTarget } from '../../model/bake.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import type { BakeJob } from '../../plans/bake/bake-jobs.ts';
import type { PipelineContext } from '../context.ts';
import type { HeldBuild } from '../image-build/build.ts';

/** A job whose build waits to be published. */
export interface Held {
  readonly job: BakeJob;
  readonly held: Extract<HeldBuild, { kind: 'ready' }>;
}

/** A target as the context of another: for buildx, and for us. */
export interface Link {
  readonly value: string;
  readonly link: LinkedTarget;
}

/** A link goes nowhere: not even into Docker, as a build without an output does. */
export function forLink(context: PipelineContext, job: BakeJob): PipelineContext {
  return job.isLink
    ? { ...context, env: { ...context.env, BUILDX_NO_DEFAULT_LOAD: '1' } }
    : context;
}

/** The link for each context that is a target: layout and digest for buildx, content for us. */
export async function linksOf(
  job: BakeJob,
  bases: readonly Held[],
  context: PipelineContext,
): Promise<ReadonlyMap<string, Link>> {
  const links = new Map<string, Link>();
  for (const { context: name, job: id } of job.links) {
    const base = bases.find((one) => one.job.id === id);
    const image = base?.held.image;
    if (base === undefined || image === undefined) continue;
    const { store, dockerfile, analysis } = image.build;
    const { platforms } = await openStored(store.blobs, image.index);
    links.set(name, {
      value: `oci-layout://${context.paths.store}@${image.index.digest}`,
      link: {
        context: name,
        target: base.job.target.name,
        digest: image.index.digest,
        layers: platforms.map(({ config }) => config.rootfs.diff_ids),
        dockerfile,
        analysis,
      },
    });
  }
  return links;
}

/** The Dockerfile of a target that carries it in its definition, as a build's stdin. */
export async function* inlineText({ target }: BakeJob): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  if (target.inline !== undefined) yield Buffer.from(target.inline);
}
