import type { KeyObject } from 'node:crypto';
import { noStdin } from '../build/context-source.ts';
import type { Registries } from '../build/registries.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { parseManifest } from '../image/documents.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { type TaggedManifest, writeTaggedManifest } from '../image/referrers.ts';
import { ToolError, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Descriptor } from '../model/image.ts';
import { formatReference, parseReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { openBuild } from './attach.ts';
import { statedVerdicts } from './renew-verdict.ts';
import { keysAtHand } from './replaced.ts';
import { isVerdict, signerOf } from './statement-kinds.ts';
import type { StatedVerdict } from './verdict.ts';
import { type AttachedEvidence, readAttachments } from './verify-attached.ts';

interface Stored {
  readonly store: LayoutStore;
  readonly settings: Pick<Settings, 'trust' | 'sign' | 'offline' | 'origins'>;
  readonly name: string;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}

/**
 * What a stored build publishes beside its image. Its own verdict stays out where the registry has
 * a newer one by the same signer; where it replaces a better one, that is a warning.
 */
export async function withoutOlderVerdict(
  context: PipelineContext,
  registries: Registries,
  { store, settings, name, index, referrers, tagged }: Stored,
): Promise<Pick<Stored, 'referrers' | 'tagged'>> {
  const stored = { referrers, tagged };
  const reference = parseReference(name);
  if (!reference.ok) return stored;
  const { registry, repository } = reference.value;
  const there = formatReference({ registry, repository, digest: index.digest });
  const request = { text: `registry:${there}`, stdin: noStdin() };
  const published = await openNamedImage(context, registries, request).catch((error: unknown) => {
    // It is not published yet, or the push itself says why nobody answers.
    if (error instanceof UserError || error instanceof ToolError) return undefined;
    throw error;
  });
  if (published === undefined) return stored;
  try {
    const keys = await keysAtHand(context, settings);
    // Of the layout: nothing stays open.
    const own = await openBuild(store, index, name);
    const mine = (await readAttachments(own)).found.filter(({ says }) => isVerdict(says));
    const theirs = (await readAttachments(published)).found.filter(({ says }) => isVerdict(says));
    const signers = new Set(mine.map(({ proof }) => signerOf(proof, keys)));
    const [before, now] = [theirs, mine].map((all) => newest(all, signers, keys));
    if (before === undefined || now === undefined) return stored;
    const words = ({ level, timeVerified }: StatedVerdict): string =>
      `${level === undefined ? 'gate missed' : `level ${level}`}, ${timeVerified}`;
    const isNewer = Date.parse(before.timeVerified) > Date.parse(now.timeVerified);
    if (!isNewer && (before.level ?? -1) <= (now.level ?? -1)) return stored;
    context.emit({
      kind: 'warning',
      text: isNewer
        ? `${there} has a newer verdict (${words(before)}): that of this build (${words(now)}) is not published`
        : `the verdict of this build (${words(now)}) replaces a better one (${words(before)}) in ${there}`,
    });
    if (!isNewer) return stored;
    const left = new Set(mine.map(({ attachment }) => attachment.descriptor.digest));
    return {
      referrers: referrers.filter(({ digest }) => !left.has(digest)),
      tagged: await Promise.all(
        tagged.map(async ({ tag, descriptor }) => {
          const bytes = await store.blobs.readDocument(descriptor);
          const layers = parseManifest(bytes, tag).layers.filter(({ digest }) => !left.has(digest));
          return { tag, descriptor: await writeTaggedManifest(store.blobs, layers) };
        }),
      ),
    };
  } finally {
    await published.close();
  }
}

/** The newest verdict of these signers. */
function newest(
  all: readonly AttachedEvidence[],
  signers: ReadonlySet<string | undefined>,
  keys: readonly KeyObject[],
): StatedVerdict | undefined {
  const own = all.filter(({ proof }) => {
    const signer = signerOf(proof, keys);
    return signer !== undefined && signers.has(signer);
  });
  return statedVerdicts(own)[0];
}
