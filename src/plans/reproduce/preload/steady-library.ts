import { gunzipSync } from 'node:zlib';
import { fileTimeOf, type SteadyInputs } from '../../../model/steady-inputs.ts';
import { STEADY_BYTES } from './steady-bytes.ts';

const MARK = Buffer.from('SCOVILLE-STEADY\0', 'latin1');

/** A library that the loader puts before a program's own. */
export interface Preload {
  readonly name: string;
  readonly content: Uint8Array;
  /** Where only one of both names it: the loader's file, which glibc reads, or LD_PRELOAD, which musl does. */
  readonly by?: 'file' | 'variable';
}

/** By it programs of musl load what is mounted; those of glibc find the same libraries twice. */
export const PRELOAD = 'LD_PRELOAD';

/**
 * The libraries by which RUNs see a clock that stands still (steady-clock.c), files of one time,
 * folders in the order of names and temporary files of the same name (steady-files.c), one
 * processor and ids of the same numbers (steady-random.c, steady-devices.c), Node.js’s files in one
 * order (steady-turns.c), programs at the same addresses (steady-place.c), for a processor as
 * Node.js names it. Those that nothing asks for are left out; none for another processor. musl
 * begins a library without the words of the command, which steady-place.c needs, and has in place
 * of libfaketime a clock that goes on and waiting (steady-waits.c).
 */
export function steadyLibraries(steady: SteadyInputs, processor: string): readonly Preload[] {
  const { start, clock, oneProcessor, sortedFolders, temporaryNames, sameAddresses } = steady;
  const packed = STEADY_BYTES[processor];
  if (packed === undefined) return [];
  const files = [fileTimeOf(steady) ?? 0, Number(sortedFolders), Number(temporaryNames)];
  const random = [Number(oneProcessor), Number(temporaryNames)];
  return [
    clock === 'frozen'
      ? library('clock', packed['steady-clock'], [start, 0])
      : byVariable(library('clock', packed['steady-clock'], [start, 1])),
    byVariable(library('waits', packed['steady-waits'], [])),
    ...(files.some((one) => one !== 0) ? [library('files', packed['steady-files'], files)] : []),
    // Always: a Dockerfile can ask for a seed.
    library('random', packed['steady-random'], random),
    library('devices', packed['steady-devices'], []),
    ...(oneProcessor ? [library('turns', packed['steady-turns'], [1])] : []),
    ...(sameAddresses && processor === 'x64'
      ? [{ ...library('place', packed['steady-place'], [1]), by: 'file' as const }]
      : []),
  ];
}

function byVariable(one: Preload): Preload {
  return { ...one, by: 'variable' };
}

/** With the numbers of its SETTINGS, 64 bits each, written in; both processors are little-endian. */
function library(name: string, packed: string, settings: readonly number[]): Preload {
  const content = gunzipSync(Buffer.from(packed, 'base64'));
  const at = content.indexOf(MARK) + MARK.length;
  settings.forEach((one, i) => content.writeBigInt64LE(BigInt(one), at + 8 * i));
  return { name: `libscoville-${name}.so`, content };
}
