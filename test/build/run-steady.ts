import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeLibraries } from '../../src/build/clock.ts';
import type { SteadyInputs } from '../../src/model/lock.ts';
import { steadyLibraries } from '../../src/reproduce/clock.ts';

export const START = 1_700_000_000;
/** Whether programs of this machine can load them. */
export const IS_HERE = process.platform === 'linux' && nativeLibraries(process.arch) !== undefined;
export const INPUTS: SteadyInputs = {
  start: START,
  clock: 'frozen',
  oneProcessor: true,
  oneFileTime: true,
  sortedFolders: true,
  temporaryNames: true,
  sameAddresses: true,
  seed: undefined,
};

/** What a program prints with the libraries before its own, which lie in `folder`. */
export function runSteady(
  folder: string,
  inputs: Partial<SteadyInputs>,
  program: string,
  ...args: readonly string[]
): string {
  const libraries = steadyLibraries({ ...INPUTS, ...inputs }, nativeLibraries(process.arch));
  const paths = libraries.flatMap(({ name, content, by }) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return by === 'neither' ? [] : [path];
  });
  const env = { PATH: process.env['PATH'], LD_PRELOAD: paths.join(':') };
  return execFileSync(program, args, { cwd: folder, env, encoding: 'utf8' });
}
