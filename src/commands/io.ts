/** What a command may touch of the outside: handed in by bin.ts, replaced in tests. */
export interface CommandIo {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The product: what a script would read. */
  readonly writeOut: (text: string) => void;
  /** The conversation: progress, notices, errors. */
  readonly writeErr: (text: string) => void;
  /** Whether a person can answer. */
  readonly inIsTerminal: boolean;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Columns of the terminal on stderr; 80 where there is none. */
  readonly columns: number;
  readonly color: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly homeDir: string;
  readonly platform: string;
  readonly now: () => number;
  /** Aborted on Ctrl-C, SIGTERM, or when Docker closes the plugin's socket. */
  readonly signal: AbortSignal;
  /** The words that start this program, absolute: Node.js and the script, or one executable. */
  readonly program: readonly string[];
  /** Set when Docker calls us as its plugin: its global flags, and environment for its tools. */
  readonly docker?: {
    readonly globals: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  };
}

/** A command: arguments behind its name in, exit code out (see EXIT in model/errors.ts). */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
