import { createHash } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- the folder of a build
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { valuesOf } from '../cli/flag-table.ts';
import { openCache } from '../image/caches.ts';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BuildxFlag } from '../model/events.ts';
import type { SteadyInputs } from '../model/lock.ts';
import { type Preload, steadyLibraries } from '../reproduce/clock.ts';
import { runBuild } from './buildx.ts';
import { SOURCE_POLICY_VARIABLE } from './images.ts';
import { nativeLibraries } from './native-libraries.ts';
import { flag } from './plan.ts';
import { CLOCK_CONTEXT, CLOCK_FILES } from './sent-dockerfile.ts';
import type { Build } from './states.ts';
import { clockProbe, preloadText, ranImages } from './steady-inputs.ts';

/** 2001-09-09. */
const OLD = 1_000_000_000;

/**
 * Writes what is mounted into each RUN: libraries, and the loader's list of them. Throws UserError
 * where this processor has none: they exist for x86-64 and arm64. A build that silently saw the
 * machine's clock would not be the one asked for.
 */
export async function writeClock(folder: string, written: readonly Preload[]): Promise<void> {
  if (written.length === 0)
    throw new UserError(`RUNs on ${process.arch} cannot be given another clock`, {
      nextStep: 'build on x86-64 or arm64, or with --repro=aggressive',
    });
  const { libraries, preload } = CLOCK_FILES;
  await makeFolders(join(folder, libraries.name));
  for (const { name, content } of written)
    await writeAged(join(folder, libraries.name, name), content);
  const list = written
    .filter(({ by }) => by !== 'neither')
    .map(({ name }) => `${libraries.target}/${name}\n`)
    .join('');
  await writeAged(join(folder, preload.name), Buffer.from(list));
}

/** Each content gets a time before 2010: BuildKit reuses a file whose size and time are equal. */
async function writeAged(path: string, content: Uint8Array): Promise<void> {
  const time = OLD + (createHash('sha256').update(content).digest().readUInt32BE(0) >>> 4);
  await writeFile(path, content, { mode: 0o755 });
  await utimes(path, time, time);
}

/**
 * What `date` prints in each image with the clock of `folder`, and with LD_PRELOAD where a value is
 * given. In the order of the images; an error where one of them prints nothing.
 */
export async function seenDays(
  context: PipelineContext,
  build: Build,
  folder: string,
  images: readonly string[],
  preload?: string,
): Promise<Result<readonly string[]>> {
  if (images.length === 0) return ok([]);
  const out = join(folder, 'days');
  const { parsed, plan, engine } = build;
  const policy = join(folder, 'policy.json');
  // The pins of the build count here too; its own file is written only when it starts.
  if (plan.sourcePolicy !== undefined)
    await writeFile(policy, JSON.stringify(plan.sourcePolicy.policy));
  const { exitCode, errorText } = await runBuild(context.run, {
    invocation: {
      outputs: [`type=local,dest=${out}`],
      flags: [
        flag('no-cache', 'true'),
        ...(engine.name === undefined ? [] : [flag('builder', engine.name)]),
        ...plan.platforms.map((platform) => flag('platform', platform)),
        ...valuesOf(parsed, 'build-context').map((named) => flag('build-context', named)),
        clockContext(folder),
      ],
      context: '-',
      env: {
        ...plan.invocation.env,
        ...(plan.sourcePolicy === undefined ? {} : { [SOURCE_POLICY_VARIABLE]: policy }),
      },
    },
    cwd: context.cwd,
    signal: context.signal,
    stdin: Buffer.from(clockProbe(images, preload)),
  });
  if (exitCode !== 0) return err(errorText.trim().split('\n').at(-1)?.slice(0, 300) ?? '');
  const days = images.map((_, i) => readFile(join(out, String(i)), 'utf8').catch(messageOf));
  return ok((await Promise.all(days)).map((day) => day.trim()));
}

export function clockContext(folder: string): BuildxFlag {
  return flag('build-context', `${CLOCK_CONTEXT}=${folder}`);
}

const SCHEMA = 2;
/** A day that no machine has: the recorded time may be of today. */
const PROBED_DAY = '2001-09-09';
const BY_FILE = 'file';
const BY_VARIABLE = 'variable';

/**
 * Puts the clock that RUNs see into a folder, and tries it in each image that runs something. Warns
 * of an image whose programs do not see it. `preloaded` are those whose programs load it by
 * LD_PRELOAD alone (musl). Throws UserError on another processor.
 */
export async function steadyClock(context: PipelineContext, build: Build, steady: SteadyInputs) {
  const folder = join(build.plan.layout, 'clock');
  const native = nativeLibraries(process.arch);
  const preloads = steadyLibraries(steady, native);
  await writeClock(folder, preloads);
  const preload = preloadText(preloads);
  const probe = `${folder}-probe`;
  const probed = { ...steady, start: Date.parse(PROBED_DAY) / 1000 };
  let arranged: Promise<void> | undefined;
  const seenBy = async (image: string, value?: string): ReturnType<typeof seenDays> => {
    await (arranged ??= writeClock(probe, steadyLibraries(probed, native)));
    return seenDays(context, build, probe, [image], value);
  };
  const preloaded: string[] = [];
  for (const image of (build.dockerfile && ranImages(build.dockerfile)) ?? [])
    if ((await clockOf(context, build, image, preload, seenBy)) === BY_VARIABLE)
      preloaded.push(image);
  await rm(probe, { recursive: true, force: true });
  return { folder, preload, preloaded };
}

/**
 * How programs of an image see the clock: those of glibc by file, of musl by LD_PRELOAD alone.
 * Those that are linked statically load nothing, which a warning says. Asked once a day and image.
 */
async function clockOf(
  context: PipelineContext,
  { images }: Build,
  image: string,
  preload: string,
  seenBy: (image: string, value?: string) => ReturnType<typeof seenDays>,
): Promise<unknown> {
  const today = new Date(context.now()).toISOString().slice(0, 10);
  const digest = images.find(({ name }) => name === image)?.digest ?? null;
  const key = JSON.stringify([image, digest, today]);
  const known = openCache(context, 'clock-images', SCHEMA);
  const kept = await known.get(key);
  if (kept === BY_FILE || kept === BY_VARIABLE) return kept;
  const isMoved = (seen: Awaited<ReturnType<typeof seenDays>>): boolean =>
    seen.ok && seen.value[0] === PROBED_DAY;
  const seen = await seenBy(image);
  const by = isMoved(seen)
    ? BY_FILE
    : seen.ok && preload !== '' && isMoved(await seenBy(image, preload))
      ? BY_VARIABLE
      : undefined;
  if (by !== undefined) await known.set(key, by);
  else
    context.emit({
      kind: 'warning',
      text: `programs of ${image} see the machine's clock, not the recorded time: ${seen.ok ? 'they are linked statically, or against another C library' : 'it has no date command to try it with'}`,
      nextStep: 'see "The same inputs" in docs/reproducibility.md',
    });
  return by;
}
