import type { DownloadKind, PackageManager } from '../../model/build-analysis.ts';
import type { Package } from '../../model/packages.ts';
import type { LocalPrograms, ValuedOptions } from '../program.ts';

/** What a manager fetched and leaves in the layer of a RUN. */
export interface LeftCache {
  readonly leaves: (command: {
    readonly program: string;
    readonly words: readonly string[];
  }) => boolean;
  /** Text of a RUN that shows it is taken care of. */
  readonly cleaned: RegExp;
  /** The folder that it lies in: a mount over it keeps it out of the layer. */
  readonly folder: RegExp;
  /** How it is kept out of the layer. */
  readonly keptOut:
    /** A command at the end of the RUN. */
    | { readonly atEnd: (program: string) => string }
    /** A flag behind the verb. */
    | { readonly verb: RegExp; readonly flag: string }
    /** A cache that is mounted over root's folder. */
    | { readonly mount: string };
  /** A variable that switches it off. */
  readonly offBy?: string;
  /** What it is, in words, and what is wrong with it. */
  readonly what: string;
  readonly problem: string;
}

/** What makes a manager keep to its lock file. */
export interface LockFile {
  /** The files that decide, the first of them that is there; the last is the usual one. */
  readonly files: readonly [string, ...string[]];
  /** The command that makes it. */
  readonly madeBy: string;
  /** The word of an install that `other` replaces, or behind which `flag` stands. */
  readonly verb: RegExp;
  readonly other?: string;
  readonly flag?: string;
  /** The flag where this file is there. */
  readonly flagWith?: { readonly file: string; readonly flag: string };
}

/** What is known of a package manager, each reader taking what it needs of it. */
export interface Manager {
  readonly id: PackageManager;
  /** The programs by which it is called. */
  readonly programs: RegExp;
  /** Packages of the system, from archives that drop old versions. */
  readonly isOfSystem?: true;
  /** How an image records its packages. */
  readonly recorded?: Package['type'];
  /** What stands between a name and its version. */
  readonly joint?: string;
  /** The verb that fetches the lists of an archive again. */
  readonly refresh?: string;
  /** Verbs that take the newest version of all that is installed. */
  readonly upgrades?: readonly string[];
  /** How its packages are taken out again, by which programs. */
  readonly removal?: { readonly programs: RegExp; readonly verbs: RegExp };
  /** What a package from an address counts as. */
  readonly fetches?: DownloadKind;
  readonly cache?: LeftCache;
  readonly lock?: LockFile;
}

/** What makes managers take packages from somewhere else than their language's own index. */
export interface Indexes {
  readonly programs: RegExp;
  readonly options: RegExp;
  readonly variables: RegExp;
  /** Commands that set it for later ones; the last word that is an address is the index. */
  readonly commands: RegExp;
  /** Files that set it, below the folder of the command or from the root on. */
  readonly files: readonly string[];
  /** What such a file says in front of an address. */
  readonly setting: RegExp;
  /** Their lock files hold a hash of each package, so that any index has to give the same. */
  readonly isHashed: boolean;
}

/** A distribution's or a language's package managers. */
export interface ManagerFamily {
  readonly managers: readonly Manager[];
  readonly indexes?: readonly Indexes[];
  readonly valued?: ValuedOptions;
  /** What their programs do besides installing and fetching, which is judged on its own. */
  readonly local: readonly LocalPrograms[];
}
