import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { Settings } from '../../model/settings.ts';
import type { SteadyInputs } from '../../model/steady-inputs.ts';
import { rfc3339 } from '../epoch.ts';
import type { Injection } from '../hermetic/sent-dockerfile.ts';
import { baseName } from './inject-clock.ts';
import { PRELOAD } from './steady-library.ts';

/** Named as in libfaketime: a Dockerfile that declares it asks for seeded random numbers too. */
export const SEED = 'FAKERANDOM_SEED';
const EPOCH = 'SOURCE_DATE_EPOCH';
const DAY_MS = 24 * 60 * 60 * 1000;

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
  const { mode, start, clock, oneProcessor, seed } = reproducible;
  const { oneFileTime, sortedFolders, temporaryNames, sameAddresses } = reproducible;
  if (mode !== 'deterministic') return undefined;
  const set = start === undefined ? undefined : Date.parse(start) / 1000;
  return {
    start: set ?? lock?.before?.start ?? startedAt,
    clock,
    oneProcessor,
    oneFileTime,
    sortedFolders,
    temporaryNames,
    sameAddresses,
    seed,
  };
}

/**
 * Notices on a time that the lock has kept for over a day: what is fetched may be signed later.
 * `now` in milliseconds since 1970.
 */
export function startNotices(
  { steady }: { readonly steady: SteadyInputs | undefined },
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
    ...(oneProcessor
      ? {
          OMP_NUM_THREADS: '1',
          PYTHON_CPU_COUNT: '1',
          CMAKE_BUILD_PARALLEL_LEVEL: '1',
          CARGO_BUILD_JOBS: '1',
          // Node.js reads files in the order in which it asks for them.
          UV_THREADPOOL_SIZE: '1',
        }
      : {}),
    ...(seed === undefined ? {} : { [SEED]: String(seed) }),
  };
}

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
