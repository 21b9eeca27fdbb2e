import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFolder } from '../lib/shipped-folder.ts';
import { type Native, nativeFiles } from '../reproduce/clock.ts';

/** The libraries for a processor as Node.js names it; undefined for one that has none. */
export function nativeLibraries(processor: string): Native | undefined {
  const folder = join(shippedFolder('native', 'lib/COMPILER'), 'lib', processor);
  if (!existsSync(folder)) return undefined;
  return nativeFiles(processor, (name) => readFileSync(join(folder, name)));
}
