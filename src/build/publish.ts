import { setTimeout as sleep } from 'node:timers/promises';
import { wholeEntries } from '../image/layout/entries.ts';
import { openStored } from '../image/layout/open-layout.ts';
import type { BuildDirectory, LayoutStore } from '../image/layout/store.ts';
import { taggedEntries, type TaggedManifest } from '../image/referrers.ts';
import { readFrom } from '../image/registry/open-registry.ts';
import { pushImage, type PushResult } from '../image/registry/push.ts';
import { DiskError, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  referencesOf,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { publishedReferrers } from '../reproduce/inputs.ts';
import type { Destination } from './command-line.ts';
import { familiarName, keptCommand } from './describe-plan.ts';
import { hasGate } from './gate.ts';
import {
  entries,
  imagesInDocker,
  loadImage,
  type LoadRequest,
  writeImageFile,
} from './load-image.ts';
import type { Registries } from './registries.ts';
import { ALONE, type Attested, type Build, type Checked } from './states.ts';

/** What began before the image was signed and judged. */
export interface Begun {
  readonly loads: ReadonlyMap<Destination, Promise<void>>;
  /** Ends when Docker is at work or, soon, done: what follows keeps it waiting. Never throws. */
  readonly isUnderWay: Promise<unknown>;
  /** Says what Docker has of a build that fails before `publish`, once that is known. */
  readonly sayLeft: () => Promise<void>;
}

/**
 * Where an image is loaded before it is signed and judged: no gate may forbid it, and it goes out
 * alone. What is kept because it is pushed comes after the push.
 */
export function loadsFirst({ plan, together }: Build): readonly Destination[] {
  const mayLoad = !hasGate(plan.settings.gate) && plan.others === undefined && together === ALONE;
  return mayLoad
    ? plan.destinations.filter((one) => one.kind === 'docker' && one.keepsPushed !== true)
    : [];
}

/** A load that takes no longer is waited for: what judges would keep its tag waiting. */
const SHORT_LOAD_MS = 300;

/** Asks while buildx works, since nobody waits then. `context` is for the build. */
export function askedMeanwhile(context: PipelineContext, build: Build) {
  const { store, plan } = build;
  const [first] = loadsFirst(build);
  let had: LoadRequest['had'];
  const ask = (): typeof had => {
    try {
      // Files of the context are read as they were sent.
      build.analysis();
    } catch {
      // What is wrong is met where the image is judged.
    }
    if (first?.kind !== 'docker' || first.context !== undefined) return undefined;
    const found = imagesInDocker(context, { store, names: plan.names, bases: basesOf(build) });
    // A failure is met where Docker is asked to load.
    return found.catch(() => undefined);
  };
  const emit: PipelineContext['emit'] = (event) => {
    if (event.kind === 'buildx-started') had ??= ask();
    context.emit(event);
  };
  return { context: { ...context, emit }, had: () => had };
}

/** Begins to load the image into Docker, so that it can be run while it is signed and judged. */
export function beginLoads(
  context: PipelineContext,
  checked: Checked,
  had: LoadRequest['had'],
): Begun {
  const { plan, image } = checked;
  let isSent = (): void => undefined;
  const sent = new Promise<void>((resolve) => (isSent = resolve));
  const emit: PipelineContext['emit'] = (event) => {
    if (event.kind === 'transfer') isSent();
    context.emit(event);
  };
  const unsigned = { ...checked, referrers: [], tagged: [] };
  const load = (one: Destination): Promise<void> =>
    deliver({ ...context, emit }, unsigned, one, { then: 'can be run now', had });
  const loads = new Map(loadsFirst(checked).map((one) => [one, load(one)]));
  // A failure is met where `publish` waits for it.
  const ended = Promise.allSettled(loads.values());
  const sayLeft = async (): Promise<void> => {
    if ((await ended).every(({ status }) => status === 'rejected')) return;
    const names = plan.names.map(familiarName).join(', ') || image.index.digest;
    context.emit({
      kind: 'warning',
      text: `Docker has ${names} already, not signed or graded: the build did not end`,
    });
  };
  const shortly = sent.then(() => sleep(SHORT_LOAD_MS, undefined, { ref: false }));
  return { loads, isUnderWay: Promise.race([shortly, ended]), sayLeft };
}

/** Sends the image to each destination and names it in the layout, where it stays. */
export async function publish(
  context: PipelineContext,
  attested: Attested,
  directory: BuildDirectory,
  { loads }: Pick<Begun, 'loads'>,
): Promise<void> {
  const { plan, image, referrers, tagged, exported } = attested;
  const published = { ...attested, referrers: publishedReferrers(referrers, plan.withInputs) };
  const keep = (): Promise<unknown> =>
    directory.finish({
      manifests: [image.index],
      names: referencesOf(plan.names),
      referrers: [...referrers, ...taggedEntries(tagged)],
      exported: exported.flatMap(({ manifest }) => manifest.layers.map(({ digest }) => digest)),
    });
  for (const destination of plan.destinations)
    try {
      await (loads.get(destination) ?? deliver(context, published, destination));
    } catch (error) {
      const isAsked = destination.kind !== 'docker' || destination.keepsPushed !== true;
      if (!isAsked && error instanceof UserError && !context.signal.aborted) {
        const text = `pushed, and not kept in Docker: ${error.message}`;
        context.emit({ kind: 'warning', text });
        continue;
      }
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

type Delivered = Checked & Pick<Attested, 'referrers' | 'tagged'>;

async function deliver(
  context: PipelineContext,
  delivered: Delivered,
  destination: Destination,
  { then, had }: { readonly then?: string } & Pick<LoadRequest, 'had'> = {},
): Promise<void> {
  const { plan, store, registries, image, referrers, tagged } = delivered;
  const common = { store, index: image.index, names: plan.names, bases: basesOf(delivered) };
  switch (destination.kind) {
    case 'docker':
      await phase(
        context,
        'load',
        () => loadImage(inDockerContext(context, destination.context), { ...common, had }),
        ({ already, sentBytes }) => {
          const sent = already
            ? 'Docker has it already'
            : `${(sentBytes / 1e6).toFixed(1)} MB sent`;
          const [name = image.index.digest] = plan.names.map(familiarName);
          return { detail: then ? `${sent}; ${name} ${then}` : sent, cached: already };
        },
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
      const { blobs } = store;
      const forClassic = isWhole ? [] : (await openStored(blobs, image.index)).platforms;
      await writeImageFile(context, { blobs, manifests, forClassic, path, directory });
      if (!isWhole)
        context.emit({
          kind: 'notice',
          text: `${path} contains the image alone, for docker load; -o type=oci writes its signatures and attestations too`,
        });
    }
  }
}

function basesOf({ images }: Pick<Build, 'images'>): readonly string[] {
  return images.map(({ reference }) => formatReference(reference));
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

interface PushRequest {
  readonly store: LayoutStore;
  readonly settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
  readonly names: readonly string[];
  readonly byDigest: boolean;
  readonly plainHttp: boolean;
  readonly bases: readonly string[];
}

/** Pushes the image and its referrers to each repository of the names, tags last; a result each. */
export async function pushEverywhere(
  context: PipelineContext,
  registries: Registries,
  request: PushRequest,
): Promise<readonly (PushResult & { readonly repository: string })[]> {
  const named = request.names.map((name) => {
    const reference = parseReference(name);
    if (!reference.ok) throw new UserError(reference.error);
    return reference.value;
  });
  const nameOf = ({ registry, repository }: ImageReference): string =>
    formatReference({ registry, repository });
  const results: (PushResult & { readonly repository: string })[] = [];
  const { blobs } = request.store;
  const { keysAtHand, replacedStatements } = await import('../trust/replaced.ts');
  const keys = await keysAtHand(context, request.settings);
  const { format } = request.settings.sign;
  for (const [repositoryName, all] of groupBy(named, nameOf)) {
    const [{ registry, repository }] = all as [ImageReference];
    const tags = all.map(({ tag = 'latest' }) => tag);
    context.signal.throwIfAborted();
    const mount = referencesOf(request.bases).find((one) => one.registry === registry)?.repository;
    const client = registries.client(registry, request.plainHttp);
    const result = await pushImage({
      blobs,
      client,
      repository,
      root: request.index,
      referrers: request.referrers,
      tagged: request.tagged,
      attestationTags: format === 'auto' ? 'without-referrers' : 'always',
      isReplaced: await replacedStatements(blobs, request, keys, readFrom(client, repository)),
      tags: request.byDigest ? [] : tags,
      onTransfer: (transfer) => {
        context.emit({ kind: 'transfer', phase: 'push', ...transfer });
      },
      ...given({ mountFrom: mount === undefined ? undefined : () => mount }),
    }).catch((error: unknown) => {
      if (results.length > 0 && !context.signal.aborted)
        context.emit({
          kind: 'warning',
          text: `pushed before this failed: ${results.map(({ repository: done }) => done).join(', ')}`,
        });
      throw error;
    });
    if (result.notRemoved > 0)
      context.emit({
        kind: 'notice',
        text: `${quantity(result.notRemoved, 'older statement')} of yours ${result.notRemoved === 1 ? 'stays' : 'stay'} beside the new: ${registry} does not let them be removed`,
      });
    results.push({ ...result, repository: repositoryName });
  }
  return results;
}
