import type { FlagSpec } from './flag-spec.ts';
import { type FlagTable, specsOf } from './flag.ts';

/** What a command takes besides flags. */
interface Operands {
  readonly least?: number;
  readonly most?: number;
  /** What is wrong where there are fewer or more: `takes two images`. */
  readonly error?: string;
  /** What completion offers: folders alone, or these words; otherwise files and folders. */
  readonly folders?: boolean;
  readonly choices?: readonly string[];
}

/** A command as data: its flags are parsed by it, and help, completion and docs show it. */
export interface CommandSpec<F extends FlagTable = FlagTable> {
  readonly name: string;
  /** How it is called, without `scoville`; more than one where it is called in several ways. */
  readonly usage: readonly string[];
  /** What it does; lines are wrapped, but those of a list. */
  readonly about: string;
  /** Whole calls, the most common first, with what each does. */
  readonly examples: readonly (readonly [call: string, does: string])[];
  /** Exit codes, and what each means. */
  readonly exits: readonly (readonly [code: string, means: string])[];
  readonly flags: F;
  /** Titles of groups of flags, by the flag that stands first. */
  readonly titles?: Readonly<Record<string, string>>;
  /** Flags of docker that it takes too, each with its own meaning; a title for them in help. */
  readonly others?: readonly FlagSpec[];
  readonly othersTitle?: string;
  /** Flags that it takes as another command has them: completed, and not shown by help. */
  readonly also?: readonly FlagSpec[];
  /** What help ends with. */
  readonly end?: string;
  readonly operands?: Operands;
}

/** The flags that help and docs show: ours, then docker's, except hidden and experimental ones. */
export function shownFlags({ flags, others = [] }: CommandSpec): readonly FlagSpec[] {
  return [...specsOf(flags), ...others].filter(
    ({ hidden, experimental }) => hidden !== true && experimental !== true,
  );
}

/** The flags that completion offers; of two with one name the command's own. */
export function completedFlags(spec: CommandSpec): readonly FlagSpec[] {
  const { also = [] } = spec;
  return [...also.filter(({ name }) => !Object.hasOwn(spec.flags, name)), ...shownFlags(spec)];
}
