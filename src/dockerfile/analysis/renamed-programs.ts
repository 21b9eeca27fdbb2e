import { isKnownProgram, isPlainProgram } from '../programs/catalogue.ts';
import { unversioned } from '../programs/program.ts';
import { WRAPPERS } from '../shell/wrapper-table.ts';
import { baseName, SHELLS } from '../shell/wrappers.ts';

/** Many programs in one, by the name that it is called by. */
const BY_NAME = /^(?:busybox|toybox|coreutils|uutils)(?:\.static)?$/;
/** Known programs that start what their words name. */
const STARTERS = /^(?:find|parallel|awk|[gmn]awk|sed|tar|vim?|ed|ex|xargs)$/;

function plain(path: string): string {
  return unversioned(baseName(path.replace(/\/$/, ''))).replace(/^[gmnb]?(?=awk$|sed$|tar$)/, '');
}

/** True where a file that gets the name of a known program may be one of which more has to be read. */
export function renamedProgram(source: string, place: string): boolean {
  const from = plain(source);
  const to = plain(place);
  if (from.startsWith(to) || to.startsWith(from) || !isKnownProgram(to)) return false;
  if (BY_NAME.test(from) || (SHELLS.has(from) && SHELLS.has(to))) return false;
  return !isPlainProgram(from) || WRAPPERS[from] !== undefined || STARTERS.test(from);
}
