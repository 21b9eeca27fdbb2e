import { EXIT, UserError } from '../model/errors.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { phase } from '../pipeline/context.ts';
import { loadImage } from '../pipeline/publish/load-image.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { readFlags } from './flags.ts';
import { usageLine } from './help.ts';
import type { Command } from './io.ts';
import { storedImage } from './stored-image.ts';

const HELP = `Usage: scoville load NAME[:TAG]...

Loads what a build left in the layout under that name into Docker, sending only what the engine lacks.
`;

/** `scoville load`. */
export const load: Command = async (args, io) => {
  const { values, positionals } = readFlags('load', args, {
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  if (positionals.length === 0)
    throw new UserError('load needs a name', { nextStep: usageLine('load') });
  const talk = await conversation(io, 'auto', true);
  try {
    const context = pipelineContext(io, talk.sink);
    const store = await openStore(context.paths.store, io.now);
    for (const text of positionals) {
      const { name, index } = await storedImage(store, text);
      await phase(
        context,
        'load',
        () => loadImage(context, { store, index, names: [name], bases: [] }),
        ({ already }) => ({ detail: already ? 'Docker has it already' : name, cached: already }),
      );
      io.writeOut(`${index.digest}\n`);
    }
  } finally {
    talk.stop();
  }
  return EXIT.met;
};
