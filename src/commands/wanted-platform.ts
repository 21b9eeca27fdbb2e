import { UserError } from '../model/errors.ts';
import { type Platform, platformName } from '../model/oci.ts';
import { parsePlatform } from '../oci/platform-choice.ts';

/** The platform that `--platform` asks for, if given. Throws UserError where it is not one. */
export function wantedPlatform(text: string | undefined): { readonly platform?: Platform } {
  if (text === undefined) return {};
  const platform = parsePlatform(text);
  if (platform === undefined)
    throw new UserError(`--platform takes OS/ARCH or OS/ARCH/VARIANT, not ${JSON.stringify(text)}`);
  return { platform };
}

/** Platforms of a `--platform` that may repeat or have commas; one given twice counts once. */
export function wantedPlatforms(texts: readonly string[]): readonly Platform[] {
  const words = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  const platforms = words.flatMap((text) => wantedPlatform(text).platform ?? []);
  return [...new Map(platforms.map((one) => [platformName(one), one])).values()];
}
