import { UserError } from '../model/errors.ts';
import type { Platform } from '../model/oci.ts';
import { parsePlatform } from '../oci/platform-choice.ts';

/** The platform that `--platform` asks for; nothing where it was not given. Throws UserError where it is none. */
export function wantedPlatform(text: string | undefined): { readonly platform?: Platform } {
  if (text === undefined) return {};
  const platform = parsePlatform(text);
  if (platform === undefined)
    throw new UserError(`--platform takes OS/ARCH or OS/ARCH/VARIANT, not ${JSON.stringify(text)}`);
  return { platform };
}
