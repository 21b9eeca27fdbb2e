import { fileTimeOf, type SteadyInputs } from '../model/lock.ts';

/** Kinds of clock in steady-clock.c. */
const [FROZEN, RUNNING, MOVED] = [0, 1, 2];
const MARK = Buffer.from('SCOVILLE-STEADY\0', 'latin1');

const SOURCES = ['clock', 'files', 'random', 'devices', 'turns', 'place', 'exec', 'run'] as const;

/** What native/ compiles for one processor. */
export interface Native {
  /** Node.js's name. */
  readonly processor: string;
  readonly files: Readonly<Record<(typeof SOURCES)[number], Uint8Array>>;
}

export function nativeFiles(processor: string, read: (name: string) => Uint8Array): Native {
  const files = SOURCES.map((one) => [
    one,
    read(one === 'run' ? 'steady-run' : `steady-${one}.so`),
  ]);
  return { processor, files: Object.fromEntries(files) as Native['files'] };
}

/** A library that the loader puts before a program's own. */
export interface Preload {
  readonly name: string;
  readonly content: Uint8Array;
  /**
   * `file`: named only in the loader's file (glibc), not in LD_PRELOAD (musl). `neither`: a
   * program.
   */
  readonly by?: 'file' | 'neither';
}

/**
 * For programs of musl, which load what is mounted; those of glibc then find the libraries twice.
 */
export const PRELOAD = 'LD_PRELOAD';

/**
 * The libraries that give RUNs equal inputs, for one processor; those without a use are left out,
 * and other processors get none. steady-clock.c stops the clock. steady-files.c gives files one
 * time, sorts folders and names temporary files. steady-random.c and steady-devices.c show one
 * processor and count ids. steady-turns.c orders Node.js's files. steady-place.c fixes the
 * addresses of programs; it needs the command's words, which musl does not pass to a library. For
 * statically linked programs, steady-exec.c and steady-run.c start them with the clock.
 */
export function steadyLibraries(steady: SteadyInputs, native?: Native): readonly Preload[] {
  const { start, clock, oneProcessor, sortedFolders, temporaryNames, sameAddresses } = steady;
  if (native === undefined) return [];
  const of = native.files;
  const files = [fileTimeOf(steady) ?? 0, Number(sortedFolders), Number(temporaryNames)];
  const random = [Number(oneProcessor), Number(temporaryNames)];
  const isFrozen = clock === 'frozen';
  const x64 = native.processor === 'x64';
  return [
    library('clock', of.clock, [start, isFrozen ? FROZEN : RUNNING]),
    ...(files.some((one) => one !== 0) ? [library('files', of.files, files)] : []),
    // Always: a Dockerfile can ask for a seed.
    library('random', of.random, random),
    library('devices', of.devices, []),
    ...(oneProcessor ? [library('turns', of.turns, [1])] : []),
    ...(sameAddresses && x64 ? [library('place', of.place, [1], 'file')] : []),
    ...(isFrozen && x64
      ? [
          library('exec', of.exec, []),
          { ...library('run', of.run, [start], 'neither'), name: 'scoville-run' },
        ]
      : []),
  ];
}

/** A library that moves the clock of RUNs by `seconds`; none for other processors. */
export function movedClock(seconds: number, native?: Native): readonly Preload[] {
  return native === undefined ? [] : [library('clock', native.files.clock, [seconds, MOVED])];
}

/** Writes its SETTINGS in, 64 bits each; both processors are little-endian. */
function library(
  name: string,
  compiled: Uint8Array,
  settings: readonly number[],
  by?: Preload['by'],
): Preload {
  const content = Buffer.from(compiled);
  const at = content.indexOf(MARK) + MARK.length;
  settings.forEach((one, i) => content.writeBigInt64LE(BigInt(one), at + 8 * i));
  return { name: `libscoville-${name}.so`, content, ...(by === undefined ? {} : { by }) };
}
