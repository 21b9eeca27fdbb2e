import { type Descriptor, type Platform, platformName } from '../model/oci.ts';
import { normalPlatform, platformRank } from './platform-choice.ts';

/** All that tells one entry of an index from another: a digest may be listed as two things. */
export function entryKey({ mediaType, digest, platform }: Descriptor): string {
  return JSON.stringify([mediaType, digest, platform && platformName(platform)]);
}

/** A platform without a field is not one: Docker's classic store takes such an entry on any machine. */
export function withNormalPlatform(descriptor: Descriptor): Descriptor {
  const { platform, ...rest } = descriptor;
  const isNamed = Object.values(platform ?? {}).some((value) => value !== '');
  return platform !== undefined && isNamed ? { ...rest, platform: normalPlatform(platform) } : rest;
}

/**
 * The entries of one index that a runtime of the wanted platform may take: the nearest of those that name one, and all that name none.
 * Of the others the platforms, in words.
 */
export function chooseEntries(
  entries: readonly Descriptor[],
  wanted: Platform | undefined,
): { readonly chosen: readonly Descriptor[]; readonly passed: readonly string[] } {
  if (wanted === undefined) return { chosen: entries, passed: [] };
  const ranks = entries.map(({ platform }) =>
    platform === undefined ? 'unnamed' : platformRank(platform, wanted),
  );
  const nearest = Math.min(...ranks.filter((rank) => typeof rank === 'number'));
  const isChosen = (_: Descriptor, at: number): boolean =>
    ranks[at] === 'unnamed' || ranks[at] === nearest;
  return {
    chosen: entries.filter(isChosen),
    passed: entries.flatMap((entry, at) =>
      entry.platform === undefined || isChosen(entry, at) ? [] : [platformName(entry.platform)],
    ),
  };
}
