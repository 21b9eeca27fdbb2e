import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SteadyInputs } from '../../model/steady-inputs.ts';
import { openCache } from '../../oci/layout/caches.ts';
import { preloadText, ranImages } from '../../plans/reproduce/inject-clock.ts';
import { steadyLibraries } from '../../plans/reproduce/steady-library.ts';
import type { PipelineContext } from '../context.ts';
import { nativeLibraries } from '../native-libraries.ts';
import { writeClock } from './clock-folder.ts';
import { seenDays } from './clock-probe.ts';
import type { Build } from './states.ts';

const SCHEMA = 2;
/** A day that no machine has: the recorded time may be of today. */
const PROBED_DAY = '2001-09-09';
const BY_FILE = 'file';
const BY_VARIABLE = 'variable';

/** The clock that RUNs see. */
export interface SteadyClock {
  readonly folder: string;
  /** Images whose programs load it by LD_PRELOAD alone (musl). */
  readonly preloaded: readonly string[];
  /** What LD_PRELOAD then is. */
  readonly preload: string;
}

/**
 * Puts the clock that RUNs see into a folder, and tries it out on each image that something is run
 * in; a warning for one whose programs do not see it. Throws UserError on another processor.
 */
export async function steadyClock(
  context: PipelineContext,
  build: Build,
  steady: SteadyInputs,
): Promise<SteadyClock> {
  const folder = join(build.plan.layout, 'clock');
  const native = nativeLibraries(process.arch);
  const preloads = steadyLibraries(steady, native);
  await writeClock(folder, preloads);
  const preload = preloadText(preloads);
  const images = build.dockerfile === undefined ? [] : (ranImages(build.dockerfile) ?? []);
  const probe = `${folder}-probe`;
  const probed = { ...steady, start: Date.parse(PROBED_DAY) / 1000 };
  const arrange = (): Promise<void> => writeClock(probe, steadyLibraries(probed, native));
  const clock = { folder: probe, preload, arrange };
  const preloaded = await preloadedImages(context, build, clock, images);
  await rm(probe, { recursive: true, force: true });
  return { folder, preload, preloaded };
}

/**
 * Those whose programs see the clock by LD_PRELOAD alone. Programs of glibc see it without. Those
 * that are linked statically load nothing, which a warning says. Asked once a day and image.
 */
async function preloadedImages(
  context: PipelineContext,
  build: Build,
  {
    folder,
    preload,
    arrange,
  }: Omit<SteadyClock, 'preloaded'> & {
    readonly arrange: () => Promise<void>;
  },
  images: readonly string[],
): Promise<readonly string[]> {
  const preloaded: string[] = [];
  const today = new Date(context.now()).toISOString().slice(0, 10);
  const known = openCache(context, 'clock-images', SCHEMA);
  const keyOf = (image: string): string => {
    const found = build.images.find(({ name }) => name === image);
    return createHash('sha256')
      .update(JSON.stringify([image, found?.digest ?? null, today]))
      .digest('hex');
  };
  let arranged: Promise<void> | undefined;
  for (const image of images) {
    const kept = await known.get(keyOf(image));
    const probe = async (value?: string): ReturnType<typeof seenDays> => {
      await (arranged ??= arrange());
      return seenDays(context, build, folder, [image], value);
    };
    const isMoved = (seen: Awaited<ReturnType<typeof seenDays>>): boolean =>
      seen.ok && seen.value[0] === PROBED_DAY;
    if (kept === BY_VARIABLE) preloaded.push(image);
    if (kept === BY_VARIABLE || kept === BY_FILE) continue;
    const seen = await probe();
    const isByFile = isMoved(seen);
    const isByVariable = !isByFile && seen.ok && preload !== '' && isMoved(await probe(preload));
    if (isByVariable) preloaded.push(image);
    if (isByFile || isByVariable) await known.set(keyOf(image), isByFile ? BY_FILE : BY_VARIABLE);
    else
      context.emit({
        kind: 'warning',
        text: `programs of ${image} see the machine's clock, not the recorded time: ${seen.ok ? 'they are linked statically, or against another C library' : 'it has no date command to try it with'}`,
        nextStep: 'see "The same inputs" in docs/reproducibility.md',
      });
  }
  return preloaded;
}
