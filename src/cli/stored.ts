import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadImage } from '../build/load-image.ts';
import { pushEverywhere } from '../build/publish.ts';
import { Registries } from '../build/registries.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { boundCaches } from '../image/caches.ts';
import { openStore } from '../image/layout/store.ts';
import { parseImageName } from '../image/open-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { bytesText, quantity } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { printedCommand } from '../model/printed-command.ts';
import { withDefaultTag } from '../model/reference.ts';
import { withPlainHttp } from '../model/settings.ts';
import { publishedReferrers } from '../reproduce/inputs.ts';
import { copyImage } from '../trust/copy-image.ts';
import { withoutOlderVerdict } from '../trust/replaced.ts';
import { withProgress } from './conversation.ts';
import { command } from './flags.ts';
import { type CommandIo, writeProse } from './io.ts';
import { imageSettings, registryTarget, storedImage } from './operands.ts';
import { pathsOf } from './paths.ts';
import { LOAD_SPEC, PRUNE, PUSH } from './specs.ts';

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

export const push = command(PUSH, async (flags, names, io) => {
  const settings = await imageSettings(flags.policy, io);
  const [first = '', ...targets] = names;
  const { place } = await parseImageName(first, io.cwd);
  return withProgress(io, async (context) => {
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    if (place === 'layout' || place === 'archive')
      return pushFile(context, registries, first, targets, io);
    const store = await openStore(context.paths.store, io.now);
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

async function pushFile(
  context: PipelineContext,
  registries: Registries,
  file: string,
  targets: readonly string[],
  { stdin, writeOut }: CommandIo,
): Promise<number> {
  const image = await openNamedImage(context, registries, { text: file, stdin });
  try {
    // The author of the file must not choose what is overwritten in a registry.
    if (targets.length === 0)
      throw new UserError(`scoville push ${file} needs a name to push it to`, {
        nextStep: printedCommand('push', [file, image.whole?.names[0] ?? 'HOST/NAME:TAG']),
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

export const prune = command(PRUNE, async (flags, _, io) => {
  const { all, dryRun } = flags;
  const options = {
    all,
    keepPerName: flags.keep,
    olderThan: flags.olderThan * DAY_MS,
    dryRun,
    now: io.now(),
  };
  const paths = pathsOf(io);
  const result = await openStore(paths.store, io.now).then((store) => store.prune(options));
  // A running build writes into the caches too.
  const cacheBytes =
    all && result.runningBuilds.length === 0
      ? await pruneCaches(paths.cache, dryRun)
      : dryRun
        ? 0
        : await boundCaches(paths.cache);
  const freedBytes = result.freedBytes + cacheBytes;
  if (flags.json) io.writeOut(`${JSON.stringify({ ...result, freedBytes })}\n`);
  else {
    const verb = dryRun ? 'would free' : 'freed';
    writeProse(
      io,
      `${verb} ${bytesText(freedBytes)}: ${quantity(result.removedBuilds.length, 'build')}, ${quantity(result.removedBlobs, 'blob')}\n`,
    );
    if (result.runningBuilds.length > 0)
      io.writeErr(
        `scoville: ${quantity(result.runningBuilds.length, 'build is', 'builds are')} running; what a build needs stays until the next prune\n`,
      );
  }
  return EXIT.met;
});

/** What nobody can fetch again: recordings of builds. */
const KEPT = 'fetches';

/** Removes what is filled again when it is asked for, and gives its bytes; `dryRun` only counts. */
async function pruneCaches(folder: string, dryRun: boolean): Promise<number> {
  const caches = (await readdir(folder).catch(() => [])).filter((name) => name !== KEPT);
  let bytes = 0;
  for (const cache of caches) {
    const inner = await readdir(join(folder, cache), { recursive: true }).catch(() => []);
    for (const name of ['.', ...inner]) {
      const found = await stat(join(folder, cache, name)).catch(() => undefined);
      if (found?.isFile() === true) bytes += found.size;
    }
    if (!dryRun) await rm(join(folder, cache), { recursive: true, force: true });
  }
  return bytes;
}
