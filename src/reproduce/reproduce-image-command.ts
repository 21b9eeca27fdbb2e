import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings, wantedPlatform, withKey } from '../cli/operands.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { withPlainHttp } from '../model/settings.ts';
import { attachTarget } from '../trust/attest-command.ts';
import { trustedSigners } from '../trust/trusted-signers.ts';
import { whereDeployed } from '../trust/verify-command.ts';
import type { ImageFlags } from './flags.ts';
import { reproduceImage } from './reproduce-image.ts';
import type { Reproduction } from './reproduce.ts';

/** Rebuilds the named image from its provenance, with the settings of where the command runs. */
export async function reproduceNamed(flags: ImageFlags, io: CommandIo): Promise<Reproduction> {
  const settings = withKey(await imageSettings(flags.policy, io), flags.signingKey);
  return withProgress(io, async (context) => {
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const trusted = await trustedSigners(context, settings, flags.signers);
    const target = flags.attest ? await attachTarget(context, flags.image, flags, io) : undefined;
    const image = await (target === undefined
      ? openNamedImage(context, registries, {
          text: await whereDeployed(flags.image, io.cwd),
          stdin: io.stdin,
          ...wantedPlatform(flags.platform),
        })
      : target.open());
    try {
      return await reproduceImage(context, {
        image,
        trusted,
        settings,
        registries,
        source: flags.source,
        given: { buildArgs: flags.buildArgs, secrets: flags.secrets, ssh: flags.ssh },
        attest: target,
        deeper: flags.diffoscope,
      });
    } finally {
      await image.close();
    }
  });
}
