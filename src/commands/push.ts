import { EXIT, UserError } from '../model/errors.ts';
import { withDefaultTag } from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { parseImageName } from '../oci/image-source.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import { withoutOlderVerdict } from '../pipeline/attach/older-verdict.ts';
import { type PipelineContext, phase } from '../pipeline/context.ts';
import { openNamedImage } from '../pipeline/grade/open-named-image.ts';
import { publishedReferrers } from '../pipeline/hermetic/write-inputs.ts';
import { copyImage } from '../pipeline/publish/copy-image.ts';
import { pushEverywhere } from '../pipeline/publish/push-image.ts';
import { Registries } from '../pipeline/registries.ts';
import { withProgress } from './conversation.ts';
import { registryTarget } from './copy-target.ts';
import { command } from './flags.ts';
import type { CommandIo } from './io.ts';
import { imageSettings } from './project-settings.ts';
import { PUSH } from './small-specs.ts';
import { storedImage } from './stored-image.ts';

/** `scoville push`. */
export const push = command(PUSH, async (flags, names, io) => {
  const settings = await imageSettings(flags.policy, io);
  const [first = '', ...targets] = names;
  const { place } = await parseImageName(first, io.cwd);
  if (place === 'layout' || place === 'archive')
    return withProgress(io, (context) => {
      const all = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
      return pushFile(context, all, first, targets, io);
    });
  return withProgress(io, async (context) => {
    const store = await openStore(context.paths.store, io.now);
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    for (const text of names) {
      const { name, index, ...stored } = await storedImage(store, text);
      const { referrers, tagged } = await withoutOlderVerdict(context, registries, {
        store,
        settings,
        name,
        index,
        ...stored,
      });
      await phase(
        context,
        'push',
        () =>
          pushEverywhere(context, registries, {
            store,
            settings,
            index,
            referrers: publishedReferrers(referrers, flags.withInputs),
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

/** An archive or a layout directory, as it is, to each of the names. */
async function pushFile(
  context: PipelineContext,
  registries: Registries,
  file: string,
  targets: readonly string[],
  { stdin, writeOut }: CommandIo,
): Promise<number> {
  const image = await openNamedImage(context, registries, { text: file, stdin });
  try {
    // Whoever wrote the file must not say what is overwritten in a registry.
    if (targets.length === 0)
      throw new UserError(`scoville push ${file} needs a name to push it to`, {
        nextStep: `scoville push ${file} ${image.whole?.names[0] ?? 'HOST/NAME:TAG'}`,
      });
    const digest = image.root.digest;
    const wanted = targets.map((text) => registryTarget(text, digest).reference);
    for (const reference of wanted) {
      const { tag } = withDefaultTag(reference);
      const tags = tag === undefined ? [] : [tag];
      await copyImage(context, registries, image, { kind: 'registry', reference, tags });
    }
    writeOut(`${digest}\n`);
    return EXIT.met;
  } finally {
    await image.close();
  }
}
