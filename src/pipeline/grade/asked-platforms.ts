import { UserError } from '../../model/errors.ts';
import { type Platform, platformName } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import type { NotGraded } from '../../model/scorecard.ts';
import { matchesPlatform } from '../../oci/platform-choice.ts';

export interface AskedPlatforms {
  readonly image: OpenedImage;
  /** What was asked for, or what the index lists, and cannot be judged here. */
  readonly notGraded: readonly NotGraded[];
}

function platformOf({ descriptor, config }: OpenedPlatform): Platform {
  return descriptor.platform ?? config;
}

/**
 * The image with the platforms that are asked for alone, all where none is; and those that are missing. Throws UserError where none of those
 * asked for is there.
 */
export function askedPlatforms(image: OpenedImage, asked: readonly Platform[]): AskedPlatforms {
  const { absent, name } = image;
  if (asked.length === 0)
    return {
      image,
      notGraded: absent.map(({ platform, digest }) => ({
        platform: platform === undefined ? digest : platformName(platform),
        reason: 'not-held',
      })),
    };
  const [first, ...rest] = image.platforms.filter((one) =>
    asked.some((wanted) => matchesPlatform(platformOf(one), wanted)),
  );
  const isHeld = (wanted: Platform): boolean =>
    image.platforms.some((one) => matchesPlatform(platformOf(one), wanted));
  const isListed = (wanted: Platform): boolean =>
    absent.some(({ platform }) => platform !== undefined && matchesPlatform(platform, wanted));
  const notGraded = asked
    .filter((wanted) => !isHeld(wanted))
    .map((wanted): NotGraded => ({
      platform: platformName(wanted),
      reason: isListed(wanted) ? 'not-held' : 'not-listed',
    }));
  if (first === undefined)
    throw new UserError(
      `${name} has none of ${asked.map(platformName).join(', ')} here, but ${image.platforms.map((one) => platformName(platformOf(one))).join(', ')}`,
      { nextStep: 'Name one that it has: --platform OS/ARCH' },
    );
  return { image: { ...image, platforms: [first, ...rest] }, notGraded };
}
