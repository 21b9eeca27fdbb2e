import { type Descriptor, type Platform, platformName } from '../model/oci.ts';
import { matchesPlatform, normalPlatform, platformRanks } from './platform-choice.ts';

/** All that tells one entry of an index from another: a digest may be listed as two things. */
export function entryKey({ mediaType, digest, platform }: Descriptor): string {
  return JSON.stringify([mediaType, digest, platform && platformName(platform)]);
}

/** The fields of a platform that engines know. One without a value is as if it were not there. */
const KNOWN = ['architecture', 'os', 'os.version', 'os.features', 'variant', 'features'];

/** A platform with no known field is dropped: Docker's classic store takes it on any machine. */
export function withNormalPlatform(descriptor: Descriptor): Descriptor {
  const { platform, ...rest } = descriptor;
  const isNamed = Object.entries(platform ?? {}).some(
    ([field, value]) => KNOWN.includes(field) && value !== '',
  );
  return platform !== undefined && isNamed ? { ...rest, platform: normalPlatform(platform) } : rest;
}

/**
 * The entries of one index that a runtime of the wanted platform may take: the nearest of those
 * that name one, and all that name none. What versions of engines may spell differently does not
 * stand before what is farther. Of the others the platforms, in words.
 */
export function chooseEntries(
  entries: readonly Descriptor[],
  wanted: Platform | undefined,
): { readonly chosen: readonly Descriptor[]; readonly passed: readonly string[] } {
  const read = entries.map((entry) => {
    const normal = withNormalPlatform(entry);
    const { platform } = normal;
    const isAny = wanted === undefined || platform === undefined;
    const ranks = isAny ? [0] : platformRanks(platform, wanted);
    return {
      normal,
      platform,
      ranks,
      isAsked: isAny || matchesPlatform(platform, wanted),
      isPlain: isSpelledSo(entry.platform, platform),
    };
  });
  const plain = read.filter((one) => one.isPlain);
  const isChosen = (one: (typeof read)[number]): boolean =>
    one.isAsked ||
    one.ranks.some(
      (rank, at) => rank < Infinity && plain.every(({ ranks }) => rank <= (ranks[at] ?? Infinity)),
    );
  return {
    chosen: read.filter(isChosen).map(({ normal }) => normal),
    passed: read.flatMap((one) =>
      one.platform === undefined || isChosen(one) ? [] : [platformName(one.platform)],
    ),
  };
}

/** True for a platform spelled as every engine spells it. An unnamed one takes no precedence. */
function isSpelledSo(given: Platform | undefined, read: Platform | undefined): boolean {
  return given !== undefined && read !== undefined && platformName(given) === platformName(read);
}
