import { EXIT } from '../model/errors.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { phase } from '../pipeline/context.ts';
import { loadImage } from '../pipeline/publish/load-image.ts';
import { withProgress } from './conversation.ts';
import { command } from './flags.ts';
import { LOAD_SPEC } from './small-specs.ts';
import { storedImage } from './stored-image.ts';

/** `scoville load`. */
export const load = command(LOAD_SPEC, async (_, names, io) => {
  return withProgress(io, async (context) => {
    const store = await openStore(context.paths.store, io.now);
    for (const text of names) {
      const { name, index } = await storedImage(store, text);
      await phase(
        context,
        'load',
        () => loadImage(context, { store, index, names: [name], bases: [] }),
        ({ already }) => ({ detail: already ? 'Docker has it already' : name, cached: already }),
      );
      io.writeOut(`${index.digest}\n`);
    }
    return EXIT.met;
  });
});
