import { UserError } from '../../model/errors.ts';
import {
  type Descriptor,
  isIndex,
  type Platform,
  platformName,
  platformNameOf,
  platformOf,
} from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import type { NotGraded } from '../../model/scorecard.ts';
import { chooseEntries } from '../../oci/index-entries.ts';
import { matchesPlatform, mayRunOn } from '../../oci/platform-choice.ts';

interface AskedPlatforms {
  readonly image: OpenedImage;
  /** What was asked for, or what the index lists, and cannot be judged here. */
  readonly notGraded: readonly NotGraded[];
}

/**
 * The image with the platforms that are asked for alone, all where none is; and those that are
 * missing. Throws UserError where none of those asked for is there.
 */
export function askedPlatforms(image: OpenedImage, asked: readonly Platform[]): AskedPlatforms {
  const { absent, unread, name } = image;
  const notGradedAs =
    (reason: NotGraded['reason']) =>
    ({ platform, digest }: Descriptor): NotGraded => ({
      platform: platform === undefined ? digest : platformName(platform),
      reason,
    });
  if (asked.length === 0)
    return {
      image,
      notGraded: [...absent.map(notGradedAs('not-held')), ...unread.map(notGradedAs('not-read'))],
    };
  const taken = asked.map((wanted) => takenFor(image, wanted, asked.length === 1));
  const [first, ...rest] = image.platforms.filter((one) =>
    taken.some((some) => some.includes(one)),
  );
  const isListed = (wanted: Platform): boolean =>
    absent.some(({ platform }) => platform !== undefined && matchesPlatform(platform, wanted));
  const notGraded = asked
    .filter((_, at) => taken[at]?.length === 0)
    .map((wanted): NotGraded => ({
      platform: platformName(wanted),
      reason: isListed(wanted) ? 'not-held' : 'not-listed',
    }));
  if (first === undefined)
    throw new UserError(
      `${name} has none of ${asked.map(platformName).join(', ')} here, but ${image.platforms.map(platformNameOf).join(', ')}`,
      { nextStep: 'Name one that it has: --platform OS/ARCH' },
    );
  return {
    image: { ...image, platforms: [first, ...rest] },
    notGraded: [...notGraded, ...unread.map(notGradedAs('not-read'))],
  };
}

/**
 * What a runtime of that platform may take: the nearest, and all it could run where the index is
 * nested or leaves out platforms, for then another one may come first. An image that was opened for
 * this platform alone has no others.
 */
function takenFor(
  { platforms, index }: OpenedImage,
  wanted: Platform,
  isOpenedForIt: boolean,
): readonly OpenedPlatform[] {
  const isFlat = index?.manifests.every(
    ({ mediaType, platform }) => platform !== undefined && !isIndex(mediaType),
  );
  if (index === undefined || isFlat === false || isOpenedForIt)
    return platforms.filter((one) => mayRunOn(platformOf(one), wanted));
  const { chosen } = chooseEntries(index.manifests, wanted);
  return platforms.filter(({ descriptor }) =>
    chosen.some(({ digest }) => digest === descriptor.digest),
  );
}
