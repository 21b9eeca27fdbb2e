import { EXIT } from '../model/errors.ts';
import { withPlainHttp } from '../model/settings.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { phase } from '../pipeline/context.ts';
import { pushEverywhere } from '../pipeline/publish/push-image.ts';
import { Registries } from '../pipeline/registries.ts';
import { withProgress } from './conversation.ts';
import { command } from './flags.ts';
import { imageSettings } from './project-settings.ts';
import { PUSH } from './small-specs.ts';
import { storedImage } from './stored-image.ts';

/** `scoville push`. */
export const push = command(PUSH, async (flags, names, io) => {
  const settings = await imageSettings(flags.policy, io);
  return withProgress(io, async (context) => {
    const store = await openStore(context.paths.store, io.now);
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    for (const text of names) {
      const { name, index, referrers, tagged } = await storedImage(store, text);
      await phase(
        context,
        'push',
        () =>
          pushEverywhere(context, registries, {
            store,
            settings,
            index,
            referrers,
            tagged,
            names: [name],
            byDigest: false,
            plainHttp: false,
            bases: [],
          }),
        (results) => ({ detail: results.map((r) => `${r.repository}@${r.digest}`).join(', ') }),
      );
      io.writeOut(`${index.digest}\n`);
    }
    return EXIT.met;
  });
});
