import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { SteadyInputs } from '../../model/steady-inputs.ts';
import { createCache } from '../../oci/layout/json-cache.ts';
import { ranImages, seenOn } from '../../plans/reproduce/inject-clock.ts';
import { steadyLibraries } from '../../plans/reproduce/preload/steady-library.ts';
import { clockText } from '../../plans/reproduce/steady-inputs.ts';
import type { PipelineContext } from '../context.ts';
import { findLibrary, writeClock } from './clock-folder.ts';
import { seenDays } from './clock-probe.ts';
import type { Prepared } from './prepare-build.ts';

const SCHEMA = 1;
/**
 * Puts the clock that RUNs see into a folder, and tries it out on each image that something is run
 * in; a warning for one whose programs do not see it. Gives the folder and what removes it. Throws
 * UserError where there is no libfaketime: a build that silently saw the machine's clock would not
 * be the one asked for.
 */
export async function steadyClock(
  context: PipelineContext,
  prepared: Prepared,
  steady: SteadyInputs,
): Promise<string> {
  const library = await findLibrary();
  if (library === undefined)
    throw new UserError('--repro=deterministic needs libfaketime, which is not installed here', {
      nextStep: 'on Debian and Ubuntu: apt-get install libfaketime',
    });
  const folder = join(prepared.plan.layout, 'clock');
  const preloads = steadyLibraries(steady, process.arch);
  if (
    !(await writeClock(folder, library, {
      text: clockText(steady),
      fileTime: steady.start,
      preloads,
    }))
  )
    throw new UserError(`${library} is of a version that moves the times of files too`);
  const images = prepared.dockerfile === undefined ? undefined : ranImages(prepared.dockerfile);
  await tellUnmoved(context, prepared, folder, images ?? []);
  await rm(join(folder, 'days'), { recursive: true, force: true });
  return folder;
}

/** Statically linked programs and those of another C library do not load what is mounted. Asked once a day and image. */
async function tellUnmoved(
  context: PipelineContext,
  prepared: Prepared,
  folder: string,
  images: readonly string[],
): Promise<void> {
  const { start } = prepared.plan.steady ?? { start: 0 };
  const day = new Date(start * 1000).toISOString().slice(0, 10);
  const known = createCache(join(context.paths.cache, 'clock-images'), SCHEMA);
  const keyOf = (image: string): string => {
    const found = prepared.images.find(({ name }) => name === image);
    return createHash('sha256')
      .update(JSON.stringify([image, found?.digest ?? null, day]))
      .digest('hex');
  };
  for (const image of images) {
    const kept = await known.get(keyOf(image));
    if (kept === true) continue;
    const seen = await seenDays(context, prepared, folder, [image]);
    const isMoved = seen.ok && seen.value[0] === seenOn(day, start);
    if (isMoved) await known.set(keyOf(image), true).catch(() => undefined);
    else
      context.emit({
        kind: 'warning',
        text: `programs of ${image} see the machine's clock, not the recorded time: ${seen.ok ? 'they are linked statically, or against another C library' : 'it has no date command to try it with'}`,
        nextStep: 'see "The same inputs" in docs/reproducibility.md',
      });
  }
}
