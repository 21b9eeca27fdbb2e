import { withPlainHttp } from '../../model/settings.ts';
import { openNamedImage } from '../../pipeline/grade/open-named-image.ts';
import { Registries } from '../../pipeline/registries.ts';
import { reproduceImage } from '../../pipeline/reproduce/reproduce-image.ts';
import type { Reproduction } from '../../pipeline/reproduce/reproduce.ts';
import { trustedSigners } from '../../pipeline/sign/trusted-signers.ts';
import { attachTarget } from '../attest/attach-target.ts';
import { withProgress } from '../conversation.ts';
import type { CommandIo } from '../io.ts';
import { imageSettings, withKey } from '../project-settings.ts';
import { whereDeployed } from '../verify/where-deployed.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import type { ImageFlags } from './reproduce-flags.ts';

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
