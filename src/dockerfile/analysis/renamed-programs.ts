import { fileName } from '../../model/path.ts';
import { isKnownProgram, isPlainProgram } from '../../programs/catalogue.ts';
import { COPIERS } from '../../programs/copiers.ts';
import { FILE_FETCHERS } from '../../programs/file-fetchers.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { unversioned } from '../../programs/program.ts';
import { WRAPPERS } from '../../programs/wrappers.ts';

/** Many programs in one, by the name that it is called by. */
const BY_NAME = /^(?:busybox|toybox|coreutils|uutils)(?:\.static)?$/;
/** Programs that take an address, besides those that fetch files or copy from another machine. */
const TAKE_ADDRESSES = /^(?:git|nc|ncat|socat)$/;
/** Known programs that start what their words name. */
const STARTERS = /^(?:find|parallel|awk|[gmn]awk|sed|tar|vim?|ed|ex|xargs)$/;

function plain(path: string): string {
  return unversioned(fileName(path.replace(/\/$/, ''))).replace(/^[gmnb]?(?=awk$|sed$|tar$)/, '');
}

function takesAddresses(program: string): boolean {
  return (
    FILE_FETCHERS[program] !== undefined ||
    COPIERS[program] !== undefined ||
    TAKE_ADDRESSES.test(program)
  );
}

/** True where a file takes a known program's name, and may be one that needs more reading. */
export function renamedProgram(source: string, place: string): boolean {
  const from = plain(source);
  const to = plain(place);
  const isOpen = /\$[\w{(]/.test(to);
  if (from.startsWith(to) || to.startsWith(from)) return false;
  // Under a name that is not known, any program may be it; one of the build itself is followed.
  const isOther = isKnownProgram(from) || from.includes('$');
  // What a command makes of a name is ordinary: `ln -s python3 "$(echo python3 | tr -d 3)"`.
  if (isOpen && to.includes('$(') && !takesAddresses(from)) return false;
  if (isOpen ? !isOther : !isKnownProgram(to)) return false;
  if (BY_NAME.test(from) || (SHELLS.has(from) && SHELLS.has(to))) return false;
  return !isPlainProgram(from) || WRAPPERS[from] !== undefined || STARTERS.test(from);
}
