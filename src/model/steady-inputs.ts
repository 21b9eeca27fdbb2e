/** What each RUN of a build is given so that it has the same inputs another time. */
export interface SteadyInputs {
  /** Seconds since 1970. */
  readonly start: number;
  /** `frozen`: it is that time throughout; `running`: in each program the clock begins there. */
  readonly clock: 'frozen' | 'running';
  readonly oneProcessor: boolean;
  /** Files that the build wrote have one time (`fileTimeOf`), whenever it wrote them. */
  readonly oneFileTime: boolean;
  /** Folders are listed in the order of names. */
  readonly sortedFolders: boolean;
  /** Names come from a counter, not at random: temporary files, file system ids, processes. */
  readonly temporaryNames: boolean;
  /** Programs lie in the same places of memory (x86-64), and find the same in what is new of it. */
  readonly sameAddresses: boolean;
  /** Where random numbers begin; undefined where they are random. */
  readonly seed: number | undefined;
}

/**
 * Seconds by which what the build wrote is older than now. With no age, a program that reads a file
 * again until it has been left alone for a second waits forever (postfix), and what asks whether a
 * file is older than nothing hears no (Ansible).
 */
const FILE_AGE = 2;

/** The time of files that the build wrote, seconds since 1970; undefined if it is the true one. */
export function fileTimeOf({ start, oneFileTime }: SteadyInputs): number | undefined {
  return oneFileTime ? start - FILE_AGE : undefined;
}
