import { EXIT, UserError } from '../model/errors.ts';
import { withPlainHttp } from '../model/settings.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { phase } from '../pipeline/context.ts';
import { pushEverywhere } from '../pipeline/publish/push-image.ts';
import { Registries } from '../pipeline/registries.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { readFlags } from './flags.ts';
import { usageLine } from './help.ts';
import type { Command } from './io.ts';
import { imageSettings } from './project-settings.ts';
import { storedImage } from './stored-image.ts';

const HELP = `Usage: scoville push NAME[:TAG]...

Pushes what a build left in the layout under that name: blobs that the registry lacks, manifests, signatures and
attestations as referrers, the tag last. Credentials are Docker's (docker login).

  --plain-http HOST   speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)
  --policy FILE       a settings file: its registries count
`;

/** `scoville push`. */
export const push: Command = async (args, io) => {
  const { values, positionals } = readFlags('push', args, {
    'plain-http': { type: 'string', multiple: true, default: [] },
    policy: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  if (positionals.length === 0)
    throw new UserError('push needs a name', { nextStep: usageLine('push') });
  const settings = await imageSettings(values.policy, io);
  const talk = await conversation(io, 'auto', true);
  try {
    const context = pipelineContext(io, talk.sink);
    const store = await openStore(context.paths.store, io.now);
    const registries = new Registries(
      context,
      withPlainHttp(settings.registries, values['plain-http']),
    );
    for (const text of positionals) {
      const { name, index, referrers, tagged } = await storedImage(store, text);
      await phase(
        context,
        'push',
        () =>
          pushEverywhere(context, registries, {
            store,
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
  } finally {
    talk.stop();
  }
  return EXIT.met;
};
