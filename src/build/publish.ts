import { wholeEntries } from '../image/layout/entries.ts';
import type { BuildDirectory } from '../image/layout/store.ts';
import { taggedEntries } from '../image/referrers.ts';
import { DiskError } from '../lib/errors.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { formatReference, referencesOf } from '../model/reference.ts';
import { publishedReferrers } from '../reproduce/inputs.ts';
import type { Destination } from './command-line.ts';
import { keptCommand } from './describe-plan.ts';
import { entries, loadImage, writeImageFile } from './load-image.ts';
import { pushEverywhere } from './push-image.ts';
import type { Attested } from './states.ts';

/**
 * Sends the image to each destination of the plan, and names it in the layout. It stays there when
 * a destination refuses it: `scoville push` and `scoville load` bring it there later. Throws what
 * the destination's failure throws.
 */
export async function publish(
  context: PipelineContext,
  attested: Attested,
  directory: BuildDirectory,
): Promise<void> {
  const { plan, image, referrers, tagged } = attested;
  const published = { ...attested, referrers: publishedReferrers(referrers, plan.withInputs) };
  const keep = (): Promise<unknown> =>
    directory.finish({
      manifests: [image.index],
      names: referencesOf(plan.names),
      referrers: [...referrers, ...taggedEntries(tagged)],
    });
  for (const destination of plan.destinations)
    try {
      await deliver(context, published, destination);
    } catch (error) {
      // Why it failed counts more than that the layout could not be written either.
      const isKept = await keep().then(
        () => true,
        () => false,
      );
      const command = keptCommand(plan.names, destination);
      if (isKept && !context.signal.aborted && command !== undefined)
        context.emit({
          kind: 'warning',
          text: `the image is kept in the layout: ${command} brings it there without another build`,
        });
      throw error;
    }
  await keep().catch((error: unknown) => {
    // What was asked for is done; that it can be pushed again is not worth the build.
    if (plan.destinations.length === 0 || !(error instanceof DiskError)) throw error;
    context.emit({ kind: 'warning', text: `not kept in the layout: ${error.message}` });
  });
}

async function deliver(
  context: PipelineContext,
  { plan, store, registries, images, image, referrers, tagged }: Attested,
  destination: Destination,
): Promise<void> {
  const bases = images.map(({ reference }) => formatReference(reference));
  const common = { store, index: image.index, names: plan.names, bases };
  switch (destination.kind) {
    case 'docker':
      await phase(
        context,
        'load',
        () => loadImage(inDockerContext(context, destination.context), common),
        ({ already, sentBytes }) => ({
          detail: already ? 'Docker has it already' : `${(sentBytes / 1e6).toFixed(1)} MB sent`,
          cached: already,
        }),
      );
      return;
    case 'registry':
      await phase(
        context,
        'push',
        () => {
          const { byDigest, plainHttp } = destination;
          const how = { settings: plan.settings, referrers, tagged, byDigest, plainHttp };
          return pushEverywhere(context, registries, { ...common, ...how });
        },
        (results) => ({
          detail: results
            .map(({ repository, uploaded, uploadedBytes, mounted, present }) => {
              const sent = `${quantity(uploaded.length, 'blob')} (${(uploadedBytes / 1e6).toFixed(1)} MB)`;
              return `${repository}: ${sent}, ${mounted.length} mounted, ${present.length} there`;
            })
            .join('; '),
        }),
      );
      return;
    case 'file': {
      const { format, path, directory } = destination;
      const isWhole = format === 'oci';
      const named = entries(image.index, plan.names);
      const manifests = isWhole ? wholeEntries(named, referrers, tagged) : named;
      await writeImageFile(context, { blobs: store.blobs, manifests, path, directory });
      if (!isWhole)
        context.emit({
          kind: 'notice',
          text: `${path} contains the image alone, for docker load; -o type=oci writes its signatures and attestations too`,
        });
    }
  }
}

/** The same, with the context that docker should talk to (`--output type=docker,context=NAME`). */
function inDockerContext(context: PipelineContext, name: string | undefined): PipelineContext {
  if (name === undefined) return context;
  return {
    ...context,
    run: (what) =>
      context.run(
        what.command === 'docker' ? { ...what, args: ['--context', name, ...what.args] } : what,
      ),
  };
}
