/** A command of a shell script. */
export interface ScriptCommand {
  /** Its words, those in front that only start it (`exec`, `sudo -u x`) taken off; as written where they are not constant. */
  readonly words: readonly string[];
  /** Names of the programs that were taken off. */
  readonly wrappers: readonly string[];
}

/** The commands of a shell script, those of scripts inside it (`sh -c`) among them. */
export interface ScriptCommands {
  readonly commands: readonly ScriptCommand[];
  /** Names of its functions, which are commands too. */
  readonly functions: ReadonlySet<string>;
  /** Why not all of them are known. */
  readonly unread?: string;
}
