import type { DownloadKind, PackageManager } from '../model/build-analysis.ts';
import type { Package } from '../model/packages.ts';
import { unversioned } from './local.ts';

/** What a manager fetched and leaves in the layer of a RUN. */
export interface LeftCache {
  readonly leaves: (command: {
    readonly program: string;
    readonly words: readonly string[];
  }) => boolean;
  /** Text of a RUN that shows it is taken care of. */
  readonly cleaned: RegExp;
  /** Its folder: a mount there keeps it out of the layer. */
  readonly folder: RegExp;
  /** How it is kept out of the layer. */
  readonly keptOut:
    /** A command at the end of the RUN. */
    | { readonly atEnd: (program: string) => string }
    /** A flag behind the verb. */
    | { readonly verb: RegExp; readonly flag: string }
    /** A cache that is mounted over root's folder. */
    | { readonly mount: string };
  /** A variable that turns it off. */
  readonly offBy?: string;
  /** What it is, in words, and what is wrong with it. */
  readonly what: string;
  readonly problem: string;
}

/** What makes a manager keep to its lock file. */
interface LockFile {
  /** The files that decide, the first of them that is there; the last is the usual one. */
  readonly files: readonly [string, ...string[]];
  /** The command that makes it. */
  readonly madeBy: string;
  /** The word of an install that `other` replaces, or behind which `flag` stands. */
  readonly verb: RegExp;
  readonly other?: string;
  readonly flag?: string;
  readonly flagWith?: { readonly file: string; readonly flag: string };
}

interface Manager {
  readonly id: PackageManager;
  /** The programs by which it is called. */
  readonly programs: RegExp;
  /** Packages of the system, from archives that drop old versions. */
  readonly isOfSystem?: true;
  readonly recorded?: Package['type'];
  /** The sign between a name and its version. */
  readonly joint?: string;
  /** The verb that fetches the lists of an archive again. */
  readonly refresh?: string;
  /** How its packages are removed again, by which programs. */
  readonly removal?: { readonly programs: RegExp; readonly verbs: RegExp };
  /** What a package from an address counts as. */
  readonly fetches?: DownloadKind;
  readonly cache?: LeftCache;
  readonly lock?: LockFile;
}

export const MANAGERS: readonly Manager[] = [
  {
    id: 'apt',
    programs: /^(?:apt|apt-get|apt-fast|aptitude)$/,
    isOfSystem: true,
    recorded: 'deb',
    joint: '=',
    refresh: 'update',
    removal: {
      programs: /^(?:apt|apt-get|apt-fast|aptitude|dpkg)$/,
      verbs: /^(?:remove|purge|autoremove|auto-remove|autopurge|-P|-r|--purge|--remove)$/,
    },
    fetches: 'package-url',
    cache: {
      leaves: ({ words }) => words.includes('update'),
      cleaned: /\/var\/lib\/apt(?:\/lists|\/\*|[\s;]|$)|\bdist-?clean\b/,
      folder: /^\/var(?:\/lib(?:\/apt(?:\/lists)?)?)?$/,
      keptOut: { atEnd: () => 'rm -rf /var/lib/apt/lists/*' },
      what: 'the package lists of apt',
      problem: 'the package lists that apt-get update fetched stay in the layer',
    },
  },
  {
    id: 'apk',
    programs: /^apk$/,
    isOfSystem: true,
    recorded: 'apk',
    joint: '=',
    refresh: 'update',
    removal: { programs: /^apk$/, verbs: /^del$/ },
    fetches: 'package-url',
    cache: {
      leaves: ({ words }) =>
        words.includes('add') &&
        !words.some((word) => word === '--no-cache' || word === '--no-network'),
      cleaned: /\/var\/cache\/apk|\bapk\s+(?:-\S+\s+)*cache\s+clean\b/,
      folder: /^\/(?:var(?:\/cache(?:\/apk)?)?|etc\/apk\/cache)$/,
      keptOut: { verb: /^add$/, flag: '--no-cache' },
      what: 'the index of apk',
      problem: 'apk add without --no-cache leaves its index in the layer',
    },
  },
  {
    id: 'dnf',
    programs: /^(?:dnf5?|yum|microdnf|tdnf)$/,
    isOfSystem: true,
    recorded: 'rpm',
    joint: '-',
    refresh: 'makecache',
    removal: {
      programs: /^(?:dnf5?|yum|microdnf|tdnf|rpm)$/,
      verbs: /^(?:remove|erase|autoremove|rm|-e|--erase)$/,
    },
    fetches: 'package-url',
    cache: {
      leaves: ({ words }) => words.includes('install'),
      cleaned: /\bclean\s+all\b|\/var\/cache\b/,
      folder: /^\/var(?:\/cache(?:\/(?:dnf|yum|libdnf5))?)?$/,
      keptOut: { atEnd: (program) => `${program} clean all` },
      what: 'what dnf fetched of its archives',
      problem: 'the metadata that was fetched stays in the layer',
    },
  },
  {
    id: 'zypper',
    programs: /^zypper$/,
    isOfSystem: true,
    recorded: 'rpm',
    fetches: 'package-url',
  },
  { id: 'pacman', programs: /^pacman$/, isOfSystem: true },
  {
    id: 'pip',
    programs: /^pip[\d.]*$/,
    recorded: 'pypi',
    joint: '==',
    fetches: 'pip-url',
    cache: {
      leaves: ({ words }) => words.includes('install') && !words.includes('--no-cache-dir'),
      cleaned: /\bpip[\d.]*\s+cache\s+purge\b|\.cache\/pip|PIP_NO_CACHE_DIR|\/root\/\.cache/,
      folder: /\.cache(?:\/pip)?$/,
      keptOut: { verb: /^install$/, flag: '--no-cache-dir' },
      offBy: 'PIP_NO_CACHE_DIR',
      what: 'the packages that pip fetched',
      problem:
        'pip install without --no-cache-dir leaves the packages that it fetched in the layer',
    },
  },
  { id: 'uv', programs: /^uv$/, fetches: 'pip-url' },
  { id: 'poetry', programs: /^poetry$/, fetches: 'pip-url' },
  { id: 'conda', programs: /^(?:conda|mamba|micromamba)$/, fetches: 'package-url' },
  {
    id: 'npm',
    programs: /^np[mx]$/,
    recorded: 'npm',
    joint: '@',
    fetches: 'npm-url',
    cache: {
      leaves: ({ program, words }) =>
        program === 'npm' &&
        /^(?:ci|install|i|clean-install)$/.test(words.find((word) => !word.startsWith('-')) ?? ''),
      cleaned: /\bnpm\s+cache\s+clean\b|\.npm\b/,
      folder: /\.npm$/,
      keptOut: { mount: '/root/.npm' },
      what: 'the packages that npm fetched',
      problem: 'the packages that npm fetched stay in the layer',
    },
    lock: {
      files: ['npm-shrinkwrap.json', 'package-lock.json'],
      madeBy: 'npm install --package-lock-only',
      verb: /^(?:install|i|in)$/,
      other: 'ci',
    },
  },
  {
    id: 'yarn',
    programs: /^yarn$/,
    fetches: 'npm-url',
    lock: {
      files: ['yarn.lock'],
      madeBy: 'yarn install',
      verb: /^(?:install|yarn)$/,
      flag: '--frozen-lockfile',
      flagWith: { file: '.yarnrc.yml', flag: '--immutable' },
    },
  },
  {
    id: 'pnpm',
    programs: /^pnpm$/,
    fetches: 'npm-url',
    lock: {
      files: ['pnpm-lock.yaml'],
      madeBy: 'pnpm install --lockfile-only',
      verb: /^(?:install|i)$/,
      flag: '--frozen-lockfile',
    },
  },
  { id: 'bun', programs: /^bun$/, fetches: 'npm-url' },
  { id: 'gem', programs: /^gem$/, recorded: 'gem', joint: ':', fetches: 'package-url' },
  {
    id: 'cargo',
    programs: /^cargo$/,
    lock: {
      files: ['Cargo.lock'],
      madeBy: 'cargo generate-lockfile',
      verb: /^(?:build|b|fetch|run|install)$/,
      flag: '--locked',
    },
  },
  { id: 'other', programs: /^(?:luarocks|cpanm|pecl|pear)$/, fetches: 'package-url' },
];

const BY_ID: ReadonlyMap<PackageManager, Manager> = new Map(
  MANAGERS.filter(({ id }) => id !== 'other').map((manager) => [manager.id, manager]),
);

export function managerNamed(id: PackageManager): Manager | undefined {
  return BY_ID.get(id);
}

/** The manager that a program is: `pip3.12` is pip, `dnf-3` is dnf. */
export function managerOf(program: string): Manager | undefined {
  return [program, unversioned(program)]
    .map((name) => MANAGERS.find(({ programs }) => programs.test(name)))
    .find((manager) => manager !== undefined);
}
