import { DAY_MS } from '../lib/time.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { SteadyInputs } from '../model/lock.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { PRELOAD, type Preload } from '../reproduce/clock.ts';
import { rfc3339 } from './annotations.ts';
import { baseOf } from './images.ts';
import { CLOCK_FILES, CLOCK_MOUNTS, type Injection } from './sent-dockerfile.ts';

/**
 * The images from outside below stages that run something and are part of the build. Undefined
 * where one of those starts from scratch, or from something unknown.
 */
export function ranImages(model: DockerfileModel): readonly string[] | undefined {
  const used = model.externalImages.map(({ reference }) => reference && nameOf(reference));
  const names = model.stages
    .filter(({ instructions }) => instructions.some(({ keyword }) => keyword === 'RUN'))
    .map(({ index }) => baseName(model, index));
  if (names.includes(undefined)) return undefined;
  return [...new Set(names.flatMap((name) => name ?? []))].filter((name) => used.includes(name));
}

/** The name of the image from outside at the bottom of a stage, as `ranImages` has it. */
function baseName(model: DockerfileModel, stage: number): string | undefined {
  const reference = baseOf(model, stage)?.reference;
  return reference === undefined ? undefined : nameOf(reference);
}

/** What LD_PRELOAD names, for programs of musl. */
export function preloadText(preloads: readonly Preload[]): string {
  const all = preloads.filter(({ by }) => by === undefined);
  return all.map(({ name }) => `${CLOCK_FILES.libraries.target}/${name}`).join(':');
}

/**
 * A build that writes the day that each image's own `date` sees into a file named by the image's
 * place in the list; with LD_PRELOAD where a value is given.
 */
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

/** What RUNs are given by `--repro=deterministic`; undefined by other modes. */
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

/**
 * Notices on a time that the lock has kept for over a day: what is fetched may be signed later.
 * `now` in milliseconds since 1970.
 */
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
  return {
    PYTHONHASHSEED: '0',
    PERL_HASH_SEED: '0',
    // What rustc keeps for the next build has random names.
    CARGO_INCREMENTAL: '0',
    // A program may write out memory that it never wrote to: what glibc gives is zeros, and what it
    // takes back 255s. Its cache of each thread hands blocks out as they are.
    ...(sameAddresses
      ? { GLIBC_TUNABLES: 'glibc.malloc.perturb=255:glibc.malloc.tcache_count=0' }
      : {}),
    ...Object.fromEntries(oneProcessor ? OF_ONE_PROCESSOR.map((name) => [name, '1']) : []),
    ...(seed === undefined ? {} : { [SEED]: String(seed) }),
  };
}

/** With the last one, Node.js reads files in the order in which it asks for them. */
const OF_ONE_PROCESSOR = [
  ...['OMP_NUM_THREADS', 'PYTHON_CPU_COUNT', 'CMAKE_BUILD_PARALLEL_LEVEL', 'CARGO_BUILD_JOBS'],
  'UV_THREADPOOL_SIZE',
];

/**
 * What the Dockerfile that is sent offers to each RUN: SOURCE_DATE_EPOCH, and with `steady` the
 * clock and its variables. LD_PRELOAD is declared in stages on an image of `preloaded`.
 */
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
