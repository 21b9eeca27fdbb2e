/**
 * Programs of one kind of which nothing has to be read: they fetch nothing and run nothing but what
 * their command line names. `only` and `unless` are held against the words behind the program,
 * joined by blanks.
 */
export interface LocalPrograms {
  /** Names, parted by blanks; a version at the end (`python3.12`) is left out. */
  readonly programs: string;
  /** Why they can bring nothing in. */
  readonly reason: string;
  /** Only command lines like this are known to. */
  readonly only?: RegExp;
  /** As `only`, against the words without options and their values. */
  readonly verbs?: RegExp;
  /** Command lines like this reach out, or run something that was not read. */
  readonly unless?: RegExp;
  /** Options by which they do, parted by blanks. */
  readonly reaches?: string;
  /** They fetch an address that is among their words. */
  readonly addresses?: true;
  /** They take commands from their input, which `unless` is held against too. */
  readonly input?: true;
  /** Reads words in a program's own language; true if they do no more than `reason` says. */
  readonly isRead?: (words: readonly string[]) => boolean;
}

/** What a command has as its input: the text where it is known. */
export interface GivenInput {
  readonly text: string | undefined;
}

/** Options that take a value as their next word, by the programs, parted by blanks. */
export type ValuedOptions = Readonly<Record<string, string>>;

/** `python3.12` and `gcc-12` by their plain names. */
export function unversioned(program: string): string {
  return !/[\d.]$/.test(program) ? program : program.replace(/(?<![\d.-])-?[\d.]+$/, '');
}
