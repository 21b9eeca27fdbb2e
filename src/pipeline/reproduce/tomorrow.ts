import { rm } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { ranImages } from '../../plans/reproduce/inject-clock.ts';
import { movedClock } from '../../plans/reproduce/steady-library.ts';
import type { PipelineContext } from '../context.ts';
import { writeClock } from '../image-build/clock-folder.ts';
import { seenDays } from '../image-build/clock-probe.ts';
import type { Build } from '../image-build/states.ts';
import { nativeLibraries } from '../native-libraries.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOW = 'see "Another day" in docs/reproducibility.md';

/** A clock that is a day ahead, in a folder that a build can take as a context. */
export interface Tomorrow {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/**
 * Gets ready for a build whose RUNs see tomorrow's date: a library, loaded into every program by
 * way of a mount. Tried out on each image that something is run in. Throws UserError where that
 * cannot be arranged: a build that silently ran today would prove nothing.
 */
export async function arrangeTomorrow(
  context: PipelineContext,
  prepared: Build,
): Promise<Tomorrow> {
  const { plan, dockerfile } = prepared;
  if (plan.steady !== undefined)
    throw new UserError('--tomorrow with --repro=deterministic changes nothing', {
      nextStep: 'RUNs see the recorded time on any day: leave --tomorrow out',
    });
  const cannot = (why: string): UserError =>
    new UserError(`another day cannot be arranged: ${why}`, { nextStep: HOW });
  if (dockerfile === undefined) throw cannot('the Dockerfile is not known before the build');
  if (plan.platforms.length > 1) throw cannot('it takes one platform at a time');
  const images = ranImages(dockerfile);
  if (images === undefined) throw cannot('something is run in a stage whose base is not known');
  const folder = await makeTemporaryFolder('tomorrow');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await writeClock(folder, movedClock(DAY_MS / 1000, nativeLibraries(process.arch)));
    const [first] = await unmoved(context, prepared, folder, images);
    if (first !== undefined)
      throw cannot(
        `programs of ${first} see today’s date all the same: they are linked statically, or against another C library`,
      );
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Images whose own `date` does not show tomorrow. */
async function unmoved(
  context: PipelineContext,
  prepared: Build,
  folder: string,
  images: readonly string[],
): Promise<readonly string[]> {
  const tomorrow = (): string => new Date(context.now() + DAY_MS).toISOString().slice(0, 10);
  // The probe may run across midnight.
  const before = tomorrow();
  const seen = await seenDays(context, prepared, folder, images);
  if (!seen.ok)
    throw new UserError(
      `another day cannot be arranged: not every image has a date command (${seen.error})`,
      { nextStep: HOW },
    );
  const right = [before, tomorrow()];
  return images.filter((_, i) => !right.includes(seen.value[i] ?? ''));
}
