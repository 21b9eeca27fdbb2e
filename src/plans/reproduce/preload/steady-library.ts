import { gunzipSync } from 'node:zlib';
import { fileTimeOf, type SteadyInputs } from '../../../model/steady-inputs.ts';
import { STEADY_BYTES } from './steady-bytes.ts';

/** Kinds of clock, as steady-clock.c has them. */
const [FROZEN, RUNNING, MOVED] = [0, 1, 2];
const MARK = Buffer.from('SCOVILLE-STEADY\0', 'latin1');

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
export function steadyLibraries(steady: SteadyInputs, processor: string): readonly Preload[] {
  const { start, clock, oneProcessor, sortedFolders, temporaryNames, sameAddresses } = steady;
  const packed = STEADY_BYTES[processor];
  if (packed === undefined) return [];
  const files = [fileTimeOf(steady) ?? 0, Number(sortedFolders), Number(temporaryNames)];
  const random = [Number(oneProcessor), Number(temporaryNames)];
  const isFrozen = clock === 'frozen';
  const x64 = processor === 'x64';
  return [
    library('clock', packed['steady-clock'], [start, isFrozen ? FROZEN : RUNNING]),
    ...(files.some((one) => one !== 0) ? [library('files', packed['steady-files'], files)] : []),
    // Always: a Dockerfile can ask for a seed.
    library('random', packed['steady-random'], random),
    library('devices', packed['steady-devices'], []),
    ...(oneProcessor ? [library('turns', packed['steady-turns'], [1])] : []),
    ...(sameAddresses && x64 ? [library('place', packed['steady-place'], [1], 'file')] : []),
    ...(isFrozen && x64
      ? [
          library('exec', packed['steady-exec'], []),
          { ...library('run', packed['steady-run'], [start], 'neither'), name: 'scoville-run' },
        ]
      : []),
  ];
}

/** By it RUNs see the machine's clock moved by `seconds`; none for another processor. */
export function movedClock(seconds: number, processor: string): readonly Preload[] {
  const packed = STEADY_BYTES[processor];
  return packed === undefined ? [] : [library('clock', packed['steady-clock'], [seconds, MOVED])];
}

/** With its SETTINGS written in, 64 bits each; both processors are little-endian. */
function library(
  name: string,
  packed: string,
  settings: readonly number[],
  by?: Preload['by'],
): Preload {
  const content = gunzipSync(Buffer.from(packed, 'base64'));
  const at = content.indexOf(MARK) + MARK.length;
  settings.forEach((one, i) => content.writeBigInt64LE(BigInt(one), at + 8 * i));
  return { name: `libscoville-${name}.so`, content, ...(by === undefined ? {} : { by }) };
}
