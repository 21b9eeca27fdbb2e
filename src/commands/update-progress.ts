import type { UpdateProgress } from '../pipeline/advisories/update-database.ts';
import { bytesText } from '../ui/units.ts';
import type { CommandIo } from './io.ts';

const EVERY_MS = 2000;

/** Tells on stderr, every other second, how many bytes of an export are fetched or read. */
export function updateProgress({
  now,
  writeErr,
}: Pick<CommandIo, 'now' | 'writeErr'>): (progress: UpdateProgress) => void {
  let last = now();
  return ({ ecosystem, step, done, total }) => {
    if (now() - last < EVERY_MS) return;
    last = now();
    const of = total === undefined ? '' : ` of ${bytesText(total)}`;
    writeErr(`${ecosystem}: ${step === 'fetch' ? 'fetched' : 'read'} ${bytesText(done)}${of}\n`);
  };
}
