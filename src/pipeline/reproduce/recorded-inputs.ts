import { imageOfPurl } from '../../facts/used-images.ts';
import { type Digest, parseDigest } from '../../model/digest.ts';
import type { LockedImage, LockFile } from '../../model/lock.ts';
import { type Annotations, platformNameOf } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { RecordedBuild } from '../../model/recorded-build.ts';
import { formatReference, parseReference, withDefaultTag } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { NORMALISER_ANNOTATION } from '../../normalise/rebuild.ts';
import { ruleSet } from '../../normalise/rule-set.ts';
import type { RecordedValues } from '../../plans/build-plan.ts';
import { rfc3339 } from '../../plans/epoch.ts';
import { lockedRemotes } from '../../plans/lock/lock-contents.ts';
import type { RecordedInputs } from '../image-build/read-build.ts';
import { unverifiable } from './fetch-source.ts';

/**
 * What a build takes from its surroundings, out of the record: images at their digests and files of
 * ADD at their checksums as a lock, the epoch, and what the published image itself says: `created`,
 * annotations, labels. `own` are the settings of this machine's user, `source` those that lie in
 * the source: of these only the rules count. Throws UserError where the image was normalized by
 * rules that this version does not have.
 */
export function recordedInputs(
  image: OpenedImage,
  record: RecordedBuild & { readonly remotes?: LockFile['remotes'] | undefined },
  labels: Readonly<Record<string, string>>,
  { own, source }: { readonly own: Settings; readonly source: Settings },
): RecordedInputs {
  const mode = record.normaliser?.mode ?? 'off';
  const reproducible = { ...source.reproducible, mode, pin: true };
  const rules = ruleSet(mode, reproducible).id;
  const used = record.normaliser?.id ?? '';
  if (used !== '' && used !== rules)
    throw unverifiable(`its layers were normalized by rules ${used}, and here they are ${rules}`, {
      nextStep: 'take the version of scoville that its provenance names',
    });
  return {
    settings: { ...own, reproducible, sign: { ...own.sign, enabled: false }, lock: false },
    lock: {
      request: {
        path: 'its provenance',
        before: lockOf(record, rules),
        locked: false,
        dockerfile: undefined,
        normaliser: rules,
      },
      text: undefined,
      found: undefined,
    },
    values: valuesOf(image, record, labels),
  };
}

/** Names that BuildKit took an image by, with the digest that it found. */
function recordedImages(record: RecordedBuild): ReadonlyMap<string, Digest> {
  return new Map(
    record.materials.flatMap(({ uri, digest }): [string, Digest][] => {
      const text = imageOfPurl(uri);
      const sha = parseDigest(`sha256:${digest['sha256'] ?? ''}`);
      const reference = text === undefined ? undefined : parseReference(text);
      if (sha === undefined || reference?.ok !== true) return [];
      return [[formatReference(withDefaultTag(reference.value)), sha]];
    }),
  );
}

function lockOf(record: Parameters<typeof recordedInputs>[1], normaliser: string): LockFile {
  const images = [...recordedImages(record)].map(([name, digest]): [string, LockedImage] => [
    name,
    { digest, local: false, platforms: new Map() },
  ]);
  return {
    images: new Map(images),
    builder: {},
    normaliser,
    snapshots: [],
    // Of a recorded build, materials are what RUNs fetched too.
    remotes: record.remotes ?? lockedRemotes(record.materials).remotes,
    packages: new Map(),
  };
}

function valuesOf(
  { index, platforms: [first, ...others] }: OpenedImage,
  { epoch, steady }: RecordedBuild,
  labels: Readonly<Record<string, string>>,
): RecordedValues {
  const entry = index?.manifests.find(({ digest }) => digest === first.descriptor.digest);
  return {
    epoch:
      epoch === undefined
        ? undefined
        : { seconds: epoch, source: 'lock', reason: 'the image’s provenance' },
    steady,
    created: first.config.created ?? rfc3339(epoch ?? 0),
    annotations: {
      labels,
      index: index?.annotations ?? {},
      indexDescriptor: {},
      manifest: {},
      manifestDescriptor: entry?.annotations ?? {},
      byPlatform: [first, ...others].flatMap((one) =>
        Object.entries(ownAnnotations(one.manifest.annotations)).map(([key, value]) => ({
          platform: platformNameOf(one),
          level: 'manifest' as const,
          key,
          value,
        })),
      ),
    },
  };
}

function ownAnnotations(annotations: Annotations = {}): Annotations {
  return Object.fromEntries(
    Object.entries(annotations).filter(([key]) => key !== NORMALISER_ANNOTATION),
  );
}
