import { BUILD_DRIVERS } from './build-drivers.ts';
import { COMPILERS } from './compilers.ts';
import { FETCHERS } from './fetchers.ts';
import { FILES_AND_TEXT } from './files-and-text.ts';
import { LANGUAGES } from './languages.ts';
import { APK } from './managers/apk.ts';
import { APT } from './managers/apt.ts';
import { MANAGER_FAMILIES } from './managers/catalogue.ts';
import { PACMAN } from './managers/pacman.ts';
import { RPM } from './managers/rpm.ts';
import { valuedOptions } from './options/catalogue.ts';
import { type GivenInput, type LocalPrograms, unversioned } from './program.ts';
import { SHELL_BUILTINS } from './shell-builtins.ts';
import { SYSTEM } from './system.ts';

/**
 * True where a word is one of the options, as programs take them: `--name`, `--name=value` and each
 * beginning of a long name, which getopt_long(3) takes for the whole; `-x` alone, with a value, or
 * among others (`-zxvf`); `-name` of programs whose long options have one dash. `valued`: options
 * with a value, behind whose letter the rest of a word is the value.
 */
function hasOption(
  words: readonly string[],
  options: readonly string[],
  valued: ReadonlySet<string>,
): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) =>
    options.some((option) => isOption(word, option, valued)),
  );
}

function isOption(word: string, option: string, valued: ReadonlySet<string>): boolean {
  if (!word.startsWith('-')) return false;
  if (word.startsWith('--')) {
    const name = word.replace(/=.*/s, '');
    // A whole name is no beginning of another.
    if (name !== option && valued.has(name)) return false;
    return option.startsWith('--') && name.length > 3 && option.startsWith(name);
  }
  if (option.startsWith('--')) return false;
  if (option.length > 2) return word.startsWith(option);
  for (const letter of word.slice(1)) {
    if (letter === option[1]) return true;
    if (!/[A-Za-z0-9]/.test(letter) || valued.has(`-${letter}`)) return false;
  }
  return false;
}

export type { LocalPrograms } from './program.ts';

/** Every program of which nothing has to be read, by family; the criteria's pages show them. */
const LOCAL_PROGRAMS: readonly LocalPrograms[] = [
  SHELL_BUILTINS,
  FILES_AND_TEXT,
  SYSTEM,
  COMPILERS,
  LANGUAGES,
  FETCHERS,
  ...MANAGER_FAMILIES.map(({ local }) => local),
].flat();
/** Those that start no program of their own choice; package managers start what packages bring. */
const QUIET_PROGRAMS = [
  ...[SHELL_BUILTINS, FILES_AND_TEXT, SYSTEM, FETCHERS].flat(),
  ...[APT, APK, RPM, PACMAN].flatMap(({ local }) => local),
  {
    programs: 'apt apt-get aptitude apt-fast apk dnf dnf5 yum microdnf tdnf zypper',
    reason: 'what they install is judged elsewhere',
    verbs:
      /^(?:re)?(?:install|in|add|fetch|download|source|satisfy|build-?dep|local-?install|group ?install|module install|(?:dist-|full-|safe-)?(?:upgrade|update)|up|dup|patch|distro-sync|swap)(?: |$)/,
  },
];
/** Those that fetch nothing under any name. */
const PLAIN_PROGRAMS = [SHELL_BUILTINS, FILES_AND_TEXT, SYSTEM, COMPILERS].flat();

function byName(families: readonly LocalPrograms[]): ReadonlyMap<string, readonly LocalPrograms[]> {
  const table = new Map<string, LocalPrograms[]>();
  for (const family of families)
    for (const name of family.programs.split(' ')) {
      const known = table.get(name);
      if (known === undefined) table.set(name, [family]);
      else known.push(family);
    }
  return table;
}

const LOCAL = byName(LOCAL_PROGRAMS);
const PLAIN = byName(PLAIN_PROGRAMS);
const QUIET = byName(QUIET_PROGRAMS);
const DRIVERS = byName(BUILD_DRIVERS);
/** Linux' limit of a file name. */
const NAME_MAX = 255;

/** `python3.12`, `gcc-12` and `x86_64-linux-gnu-gcc` by their plain names. */
function spellings(program: string): readonly string[] {
  if (program.length > NAME_MAX) return [];
  const plain = unversioned(program);
  const target =
    /^[a-z0-9_]+-(?:[a-z0-9_]+-)*(?:linux|elf|mingw32|musl\w*|gnu\w*)(?:-[a-z0-9_]+)*-(\w+[+]*)$/.exec(
      plain,
    );
  return [program, plain, target?.[1] ?? ''].filter((name) => name !== '');
}

const ADDRESS = /^(?:[^/]*=)?(?:https?|ftps?|smb):/i;

/** True where the command line reaches out by what is known of the program. */
function reachesOut(
  { unless, reaches, addresses, input, isRead }: LocalPrograms,
  program: string,
  words: readonly string[],
  given: GivenInput | undefined,
): boolean {
  const line = words.join(' ');
  if (unless?.test(line) === true || isRead?.(words) === false) return true;
  if (reaches !== undefined && hasOption(words, reaches.split(' '), valuedOptions(program)))
    return true;
  if (addresses === true && words.some((word) => ADDRESS.test(word))) return true;
  return (
    input === true &&
    given !== undefined &&
    (given.text === undefined || unless?.test(given.text) === true)
  );
}

function isIn(
  table: ReadonlyMap<string, readonly LocalPrograms[]>,
  program: string,
  words: readonly string[],
  given?: GivenInput,
): boolean {
  const line = words.join(' ');
  return spellings(program).some((name) =>
    (table.get(name) ?? []).some(
      (row) =>
        row.only?.test(line) !== false &&
        isSpoken(row, name, words) &&
        !reachesOut(row, name, words, given),
    ),
  );
}

/** True where the words without a dash begin with a verb that is known; options alone only ask. */
function isSpoken({ verbs }: LocalPrograms, program: string, words: readonly string[]): boolean {
  if (verbs === undefined) return true;
  const valued = valuedOptions(program);
  const spoken = words.filter(
    (word, at) => !word.startsWith('-') && !valued.has(words[at - 1] ?? '-'),
  );
  return spoken.length === 0 || verbs.test(spoken.join(' '));
}

/** True for a program that is known by its name, whatever its words. */
export function isKnownProgram(program: string): boolean {
  return spellings(program).some((name) => LOCAL.has(name));
}

/** True for a program that fetches nothing, so that no other name makes it do so. */
export function isPlainProgram(program: string): boolean {
  return isIn(PLAIN, program, ['-O', 'install', 'https://example.org/x']);
}

/** True if a command line is known to fetch and install nothing and to run nothing unread. */
export function isLocal(program: string, words: readonly string[], given?: GivenInput): boolean {
  return isIn(LOCAL, program, words, given);
}

/** True where this command line is known to start no compiler and no other program by itself. */
export function startsNoOther(program: string, words: readonly string[]): boolean {
  return isIn(QUIET, program, words);
}

/** True where its words say that it runs what they name, whatever else is known of it. */
export function isRefused(program: string, words: readonly string[]): boolean {
  return spellings(program).some((name) =>
    (LOCAL.get(name) ?? []).some((row) => reachesOut(row, name, words, undefined)),
  );
}

/** True where it runs the steps of the source at hand (`make`, `./configure`). */
export function isBuildDriver(program: string, words: readonly string[]): boolean {
  return isIn(DRIVERS, program, words);
}
