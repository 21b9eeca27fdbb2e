import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
// eslint-disable-next-line no-restricted-imports -- the folder of a build
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { valuesOf } from '../cli/flag-table.ts';
import { openCache } from '../image/caches.ts';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { shippedFolder } from '../lib/shipped-folder.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { BuildxFlag } from '../model/events.ts';
import type { SteadyInputs } from '../model/lock.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import {
  type Native,
  nativeFiles,
  PRELOAD,
  type Preload,
  steadyLibraries,
} from '../reproduce/clock.ts';
import { rfc3339 } from './annotations.ts';
import { runBuild } from './buildx.ts';
import { baseOf, SOURCE_POLICY_VARIABLE } from './images.ts';
import { flag } from './plan.ts';
import { CLOCK_CONTEXT, CLOCK_FILES, CLOCK_MOUNTS, type Injection } from './sent-dockerfile.ts';
import type { Build } from './states.ts';

/** External images below stages with a RUN; undefined where one of them is not known. */
export function ranImages(model: DockerfileModel): readonly string[] | undefined {
  const used = model.externalImages.map(({ reference }) => reference && nameOf(reference));
  const names = model.stages
    .filter(({ instructions }) => instructions.some(({ keyword }) => keyword === 'RUN'))
    .map(({ index }) => baseName(model, index));
  if (names.includes(undefined)) return undefined;
  return [...new Set(names.flatMap((name) => name ?? []))].filter((name) => used.includes(name));
}

function baseName(model: DockerfileModel, stage: number): string | undefined {
  const reference = baseOf(model, stage)?.reference;
  return reference === undefined ? undefined : nameOf(reference);
}

export function preloadText(preloads: readonly Preload[]): string {
  const all = preloads.filter(({ by }) => by === undefined);
  return all.map(({ name }) => `${CLOCK_FILES.libraries.target}/${name}`).join(':');
}

/** A build that writes the day that `date` of each image sees into a file of its number. */
export function clockProbe(images: readonly string[], preload?: string): string {
  return [
    ...images.flatMap((image, i) => [
      `FROM ${image} AS clock-${i}`,
      'USER 0:0',
      ...(preload === undefined ? [] : [`ARG ${PRELOAD}=${preload}`]),
      `RUN ${CLOCK_MOUNTS} date -u +%Y-%m-%d > /scoville-day`,
    ]),
    'FROM scratch',
    ...images.map((_, i) => `COPY --from=clock-${i} /scoville-day /${i}`),
    '',
  ].join('\n');
}

function nameOf(reference: ImageReference): string {
  return formatReference(withDefaultTag(reference));
}

/** Named as in libfaketime: a Dockerfile that declares it asks for seeded random numbers too. */
export const SEED = 'FAKERANDOM_SEED';
const EPOCH = 'SOURCE_DATE_EPOCH';
/** RUNs' start if no time is set, in seconds since 1970: by lock, or this machine's first build. */
interface Begun {
  readonly lock?: { readonly before: { readonly start?: number } | undefined } | undefined;
  readonly startedAt: number;
}

export function steadyInputs(
  { reproducible }: Pick<Settings, 'reproducible'>,
  { lock, startedAt }: Begun,
): SteadyInputs | undefined {
  const { mode, start: set, clock, oneProcessor, seed } = reproducible;
  const { oneFileTime, sortedFolders, temporaryNames, sameAddresses } = reproducible;
  if (mode !== 'deterministic') return undefined;
  const start = set === undefined ? (lock?.before?.start ?? startedAt) : Date.parse(set) / 1000;
  const files = { oneFileTime, sortedFolders, temporaryNames };
  return { start, clock, oneProcessor, ...files, sameAddresses, seed };
}

/** Of a time that the lock has kept for over a day: what is fetched may be signed later. */
export function startNotices(
  steady: SteadyInputs | undefined,
  { lock, now }: Pick<Begun, 'lock'> & { readonly now: number },
): readonly string[] {
  const kept = lock?.before?.start;
  if (kept === undefined || steady?.start !== kept || now - kept * 1000 < DAY_MS) return [];
  return [
    `RUNs see ${rfc3339(kept)}, the time in the lock: apt-get update refuses mirrors that are newer. \`scoville lock\` takes today's`,
  ];
}

/** Variables for RUNs: they fix hashes, memory, processors and, with a seed, random numbers. */
export function steadyVariables({
  oneProcessor,
  sameAddresses,
  seed,
}: SteadyInputs): Readonly<Record<string, string>> {
  return given({
    PYTHONHASHSEED: '0',
    PERL_HASH_SEED: '0',
    // What rustc keeps for the next build has random names.
    CARGO_INCREMENTAL: '0',
    // A program may write out memory that it never wrote to: what glibc gives is zeros, and what it
    // takes back 255s. Its cache of each thread hands blocks out as they are.
    GLIBC_TUNABLES: sameAddresses
      ? 'glibc.malloc.perturb=255:glibc.malloc.tcache_count=0'
      : undefined,
    ...Object.fromEntries(oneProcessor ? OF_ONE_PROCESSOR.map((name) => [name, '1']) : []),
    [SEED]: seed === undefined ? undefined : String(seed),
  });
}

/** With the last one, Node.js reads files in the order in which it asks for them. */
const OF_ONE_PROCESSOR = [
  ...['OMP_NUM_THREADS', 'PYTHON_CPU_COUNT', 'CMAKE_BUILD_PARALLEL_LEVEL', 'CARGO_BUILD_JOBS'],
  'UV_THREADPOOL_SIZE',
];

/** What each RUN is offered: SOURCE_DATE_EPOCH, and with `steady` the clock and its variables. */
export function offered(
  model: DockerfileModel,
  steady: SteadyInputs | undefined,
  preloaded: readonly string[] = [],
): Injection {
  const names = [EPOCH, ...(steady === undefined ? [] : Object.keys(steadyVariables(steady)))];
  return {
    names: ({ index }) =>
      preloaded.includes(baseName(model, index) ?? '') ? [...names, PRELOAD] : names,
    clock: steady !== undefined,
    hermetic: undefined,
  };
}

export function nativeLibraries(processor: string): Native | undefined {
  const folder = join(shippedFolder('native', 'lib/COMPILER'), 'lib', processor);
  if (!existsSync(folder)) return undefined;
  return nativeFiles(processor, (name) => readFileSync(join(folder, name)));
}

const OLD = 1_000_000_000;

/** Writes what is mounted into RUNs. Throws UserError where this processor has no libraries. */
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

/** What `date` prints in each image with the clock of `folder`, and with LD_PRELOAD if given. */
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

/** Writes the clock and tries it in each image. `preloaded`: seen by LD_PRELOAD alone (musl). */
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

/** How an image's programs see the clock: glibc by file, musl by LD_PRELOAD. Asked once a day. */
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
