import { type Instruction, showsText } from '../../model/dockerfile.ts';
import { CACHING_PROGRAMS, type CachingManager, type KeptCache } from '../../model/kept-cache.ts';
import { type RunProgram, runPrograms } from './run-programs.ts';

interface Cache {
  readonly manager: CachingManager;
  readonly leaves: (command: RunProgram) => boolean;
  /** Text of a RUN that shows it is taken care of. */
  readonly cleaned: RegExp;
  /** The folder that it lies in: a mount over it keeps it out of the layer. */
  readonly folder: RegExp;
}

const installs = (words: readonly string[]): boolean => words.includes('install');

const CACHES: readonly Cache[] = [
  {
    manager: 'apt',
    leaves: ({ words }) => words.includes('update'),
    cleaned: /\/var\/lib\/apt(?:\/lists|\/\*|[\s;]|$)|\bdist-?clean\b/,
    folder: /^\/var(?:\/lib(?:\/apt(?:\/lists)?)?)?$/,
  },
  {
    manager: 'apk',
    leaves: ({ words }) =>
      words.includes('add') &&
      !words.some((word) => word === '--no-cache' || word === '--no-network'),
    cleaned: /\/var\/cache\/apk|\bapk\s+(?:-\S+\s+)*cache\s+clean\b/,
    folder: /^\/(?:var(?:\/cache(?:\/apk)?)?|etc\/apk\/cache)$/,
  },
  {
    manager: 'dnf',
    leaves: ({ words }) => installs(words),
    cleaned: /\bclean\s+all\b|\/var\/cache\b/,
    folder: /^\/var(?:\/cache(?:\/(?:dnf|yum|libdnf5))?)?$/,
  },
  {
    manager: 'pip',
    leaves: ({ words }) => installs(words) && !words.includes('--no-cache-dir'),
    cleaned: /\bpip[\d.]*\s+cache\s+purge\b|\.cache\/pip|PIP_NO_CACHE_DIR|\/root\/\.cache/,
    folder: /\.cache(?:\/pip)?$/,
  },
  {
    manager: 'npm',
    leaves: ({ program, words }) =>
      program === 'npm' &&
      /^(?:ci|install|i|clean-install)$/.test(words.find((word) => !word.startsWith('-')) ?? ''),
    cleaned: /\bnpm\s+cache\s+clean\b|\.npm\b/,
    folder: /\.npm$/,
  },
];

/** What package managers leave in the layer of a RUN: nothing where it is removed, a cache is mounted over it, or an ENV of the image switches it off. */
export function keptCaches(run: Instruction, image: readonly Instruction[]): readonly KeptCache[] {
  const programs = runPrograms(run);
  return CACHES.flatMap(({ manager, leaves, cleaned, folder }) => {
    const found = programs.flatMap((one) =>
      CACHING_PROGRAMS[manager].test(one.program) && leaves(one) ? [one.at] : [],
    );
    const isKept =
      found.length > 0 &&
      !showsText(run, cleaned) &&
      !isMounted(run, folder) &&
      !isSwitchedOff(manager, image);
    return isKept ? [{ manager, commands: found }] : [];
  });
}

function isSwitchedOff(manager: CachingManager, image: readonly Instruction[]): boolean {
  return (
    manager === 'pip' &&
    image.some(
      ({ keyword, arguments: words }) =>
        keyword === 'ENV' && words.some((word) => word.startsWith('PIP_NO_CACHE_DIR=')),
    )
  );
}

/** True where a cache or a tmpfs is mounted over this folder: what is written there stays out of the layer. */
export function isMounted({ flags }: Instruction, folder: RegExp): boolean {
  return flags.some(
    ({ name, value }) =>
      name === 'mount' &&
      /(?:^|,)type=(?:cache|tmpfs)(?:,|$)/.test(value) &&
      value.split(',').some((option) => {
        const path = /^(?:target|dst|destination)=(.*)$/.exec(option)?.[1];
        return path !== undefined && folder.test(path.replace(/(?<!\/)\/+$/, ''));
      }),
  );
}
