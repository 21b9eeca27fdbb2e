import { fileTimeOf, type SteadyInputs } from '../model/lock.ts';

/** Kinds of clock, as steady-clock.c has them. */
const [FROZEN, RUNNING, MOVED] = [0, 1, 2];
const MARK = Buffer.from('SCOVILLE-STEADY\0', 'latin1');

const SOURCES = ['clock', 'files', 'random', 'devices', 'turns', 'place', 'exec', 'run'] as const;

/** What native/ compiles for one processor. */
export interface Native {
  /** As Node.js names it. */
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
  /** Named by the loader's file (glibc) alone, not by LD_PRELOAD (musl); a program by neither. */
  readonly by?: 'file' | 'neither';
}

/** By it programs of musl load what is mounted; those of glibc find the same libraries twice. */
export const PRELOAD = 'LD_PRELOAD';

/**
 * The libraries by which RUNs see a clock that stands still (steady-clock.c), files of one time,
 * folders in the order of names and temporary files of the same name (steady-files.c), one
 * processor and ids of the same numbers (steady-random.c, steady-devices.c), Node.js’s files in one
 * order (steady-turns.c), programs at the same addresses (steady-place.c), for a processor as
 * Node.js names it. Those that nothing asks for are left out; none for another processor. musl
 * begins a library without the words of the command, which steady-place.c needs. Programs that are
 * linked statically see the clock by a program that starts them (steady-exec.c, steady-run.c).
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

/** By it RUNs see the machine's clock moved by `seconds`; none for another processor. */
export function movedClock(seconds: number, native?: Native): readonly Preload[] {
  return native === undefined ? [] : [library('clock', native.files.clock, [seconds, MOVED])];
}

/** With its SETTINGS written in, 64 bits each; both processors are little-endian. */
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
