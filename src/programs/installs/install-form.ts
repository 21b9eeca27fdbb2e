import type { InstalledName, PackageManager } from '../../model/build-analysis.ts';

/** What a word of an install command names: nothing for a file, a folder or an address. */
export type NameReader = (
  word: string,
  /** The value of the option that gives a version to what has none; empty without it. */
  version: string,
  /** The word behind it. */
  next: string | undefined,
) => InstalledName | readonly InstalledName[] | undefined;

/** When a lock file decides every version. Options and variables are parted by blanks. */
export interface LockRule {
  readonly options?: string;
  /** Variables that say so by `1` or `true`. */
  readonly variables?: string;
  /** A command that said so before in the stage. */
  readonly before?: RegExp;
  /** Options that undo the others. */
  readonly unless?: string;
  /** The file decides where it is there, in the folder that an option names. */
  readonly file?: { readonly name: string; readonly with?: string; readonly folder?: string };
}

/** What freezes the repository at a date. */
interface FrozenBy {
  readonly options?: string;
  /** An option whose value says so. */
  readonly value?: { readonly options: string; readonly is: RegExp };
  /** An option whose value undoes the others. */
  readonly unless?: { readonly options: string; readonly is: RegExp };
  /** A repository of the system that was set up so before. */
  readonly repository?: true;
}

/**
 * One form of a manager's command line, and what it installs. Of the forms of a program the first
 * that fits and finds something is taken. Lists of words are parted by blanks, of verbs by `|`.
 */
export interface InstallForm {
  readonly programs: string;
  readonly manager: PackageManager;
  /** The words without a dash that the command begins with; `` any; `-` none at all. */
  readonly verbs: string;
  /** One of each of these is given; none of those. */
  readonly only?: readonly string[];
  readonly unless?: string;
  /** How the words behind the verb, or the values of the options `from`, name packages. */
  readonly name?: NameReader;
  readonly from?: string;
  /** Options whose values name packages besides. */
  readonly also?: string;
  /** Words that it takes. */
  readonly most?: number;
  /** Options that give the version of what has none of its own. */
  readonly version?: string;
  /** A version holds nothing without one of these: what the package needs is the newest. */
  readonly pinsWith?: string;
  /** Without a named package it installs what the project lists; `alone`: if no word follows. */
  readonly unnamed?: 'always' | 'alone';
  /** The file that does. */
  readonly lists?: string;
  readonly lock?: LockRule | true;
  readonly frozen?: FrozenBy;
  /** Words that are packages in files, which name the versions that they need. */
  readonly files?: RegExp;
  /** Options that name a file of packages. */
  readonly file?: string;
  /** pip's: options that name files of requirements; `words` where all words do. */
  readonly requirements?: string;
}

/** True if a version is exact: it matches `exact`, or is a variable whose value the build gives. */
function isExact(version: string, exact: RegExp): boolean {
  if (version === '' || version.includes('$(')) return false;
  return version.includes('${') || exact.test(version);
}

/** A package with its pin where the version is exact. */
export function named(name: string, version: string, exact: RegExp): InstalledName {
  return isExact(version, exact) ? { name, pin: version } : { name };
}

/** Digits and a point, as most write a version. */
const NUMBERS = /^v?\d+\.\d[\w.+-]*$/;
/** A file, a folder or an address. */
export const PLACES = /^(?:\.{0,2}\/|\.$|https?:)/;

/** Reads names alone: a file of packages or an address is a download, and judged as one. */
export function notOf(files: RegExp, read: NameReader): NameReader {
  return (word, version, next) => (files.test(word) ? undefined : read(word, version, next));
}

/** Whatever version there is. */
export const loose: NameReader = notOf(PLACES, (name) => ({ name }));

/** The version is an option's value. */
export const optioned: NameReader = notOf(PLACES, (word, version) => named(word, version, NUMBERS));

/** `name`, or name and version in one word, parted by the first `joint` or the last. */
export function joined(
  joint: string,
  exact: RegExp = NUMBERS,
  which: 'first' | 'last' = 'first',
): NameReader {
  return notOf(PLACES, (word, version) => {
    const at = which === 'first' ? word.indexOf(joint, 1) : word.lastIndexOf(joint);
    return at > 0
      ? named(word.slice(0, at), word.slice(at + joint.length) || version, exact)
      : named(word, version, exact);
  });
}
