import { byCodeUnit } from '../model/order.ts';
import { formatReference } from '../model/reference.ts';
import type { NeededImage, ResolvedImage } from './external-images.ts';

/** Where buildx looks for a source policy. */
export const SOURCE_POLICY_VARIABLE = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';

/** An image name and the digest that this build holds it to. */
export interface Pin {
  readonly from: string;
  readonly to: string;
}

interface PolicyRule {
  readonly action: 'CONVERT';
  readonly selector: { readonly identifier: string; readonly matchType?: 'EXACT' };
  readonly updates: {
    readonly identifier: string;
    readonly attrs?: Readonly<Record<string, string>>;
  };
}

/** moby/buildkit, sourcepolicy/pb/policy.proto, in the JSON that buildx reads. */
export interface SourcePolicy {
  readonly version: 1;
  readonly rules: readonly PolicyRule[];
}

/** A pin for each image with a known digest, unless the Dockerfile spells it; sorted by name. */
export function pinsOf(
  needed: readonly NeededImage[],
  resolved: readonly ResolvedImage[],
): readonly Pin[] {
  const digests = new Map(
    resolved.filter(({ local }) => local !== true).map((image) => [image.name, image.digest]),
  );
  return needed
    .flatMap(({ reference }) => {
      const from = formatReference(reference);
      const digest = digests.get(from);
      if (digest === undefined || reference.digest !== undefined) return [];
      return [{ from, to: formatReference({ ...reference, digest }) }];
    })
    .toSorted((a, b) => byCodeUnit(a.from, b.from));
}

/**
 * The policy that has BuildKit use the digests, the Dockerfile untouched. The default match
 * compares whole identifiers where they hold no `*`, which a reference never does; so a converted
 * name is not matched again. An address may hold one. `remotes` are the files of ADD, by address,
 * with the checksums that the lock holds.
 */
export function sourcePolicy(
  pins: readonly Pin[],
  remotes: ReadonlyMap<string, string> = new Map(),
): SourcePolicy {
  return {
    version: 1,
    rules: [
      ...pins.map(({ from, to }): PolicyRule => ({
        action: 'CONVERT',
        selector: { identifier: `docker-image://${from}` },
        updates: { identifier: `docker-image://${to}` },
      })),
      ...[...remotes].flatMap(([url, checksum]): PolicyRule[] =>
        isChecked(url, checksum)
          ? [
              {
                action: 'CONVERT',
                selector: { identifier: url, matchType: 'EXACT' },
                updates: { identifier: url, attrs: { 'http.checksum': checksum } },
              },
            ]
          : [],
      ),
    ],
  };
}

/** Files that ADD fetches over HTTP: BuildKit refuses one with another checksum. */
function isChecked(url: string, checksum: string): boolean {
  return /^https?:\/\//.test(url) && checksum.startsWith('sha256:');
}
