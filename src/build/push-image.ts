import type { LayoutStore } from '../image/layout/store.ts';
import type { TaggedManifest } from '../image/referrers.ts';
import { readFrom } from '../image/registry/open-registry.ts';
import { pushImage, type PushResult } from '../image/registry/push.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { quantity } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  referencesOf,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { keysAtHand, replacedStatements } from '../trust/replaced.ts';
import type { Registries } from './registries.ts';

interface PushRequest {
  readonly store: LayoutStore;
  /** How signatures are stored, and whose keys mark older ones as ours. */
  readonly settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
  readonly names: readonly string[];
  /** Pushes without setting a tag. */
  readonly byDigest: boolean;
  readonly plainHttp: boolean;
  /** References of the base images, whose repositories blobs may be mounted from. */
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
