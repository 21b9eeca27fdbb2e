import type { TarEntry } from '../../model/tar.ts';
import type { TimeRule } from '../rule.ts';
import { OTHER_TIMES, withoutTimes } from '../tarball.ts';

/** Python sources and font folders: other files hold their times (pyc-header, fontconfig-cache). */
export function isStamped(path: string, entry: TarEntry): boolean {
  return entry.type === 'directory' ? /font/i.test(path) : path.endsWith('.py');
}

export const times: TimeRule = {
  id: 'times',
  touches:
    'Every entry. A modification time later than the epoch becomes the epoch; in COPY and ' +
    'ADD layers every time does. Fractions of a second, access and change times are left out.',
  safeBecause:
    'The files are the same. Programs that compare times see equal ones where the build left ' +
    'an order. Copies of a time in other files are corrected with it.',
  answers: 'File times (repro.md 3.1 and 3.2)',
  mode: 'safe',
  kind: 'times',
  retime: (entry, { path, stamps }) => {
    const mtime = stamps.timeOf(path, entry.mtime, entry.size, isStamped(path, entry));
    const hasOthers = OTHER_TIMES.some((key) => key in entry.pax);
    if (mtime === entry.mtime && !hasOthers) return entry;
    return { ...entry, mtime, pax: hasOthers ? withoutTimes(entry.pax) : entry.pax };
  },
};
