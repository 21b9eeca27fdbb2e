/** One start of a tool: argument array, never a shell. */
export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /**
   * Where docker is asked for a plugin: the file that docker said it starts for it. Docker takes a
   * tenth of a second to find it again.
   */
  readonly plugin?: string;
  /** Added to the environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array> | 'inherit';
  /** Lines of stdout and stderr as they arrive, without line ends. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** stdout as bytes, not captured. Each piece is taken before the next; errors are rethrown. */
  readonly onStdout?: (chunk: Uint8Array) => Promise<void>;
  /** `inherit` hands the terminal to the tool; default `capture` (bounded). */
  readonly stdout?: 'capture' | 'inherit' | 'lines';
  readonly stderr?: 'capture' | 'inherit' | 'lines';
  /** A limit, or why there is none. */
  readonly timeoutMs: number | { readonly unlimited: string };
  /** Ends what the tool started with it; without a terminal. Docker leaves its plugins running. */
  readonly endsAll?: true;
  readonly signal?: AbortSignal;
}

/** How it ended, each way as data; nothing is thrown for a non-zero exit. */
export type ToolResult =
  | {
      readonly ended: 'exit';
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | {
      readonly ended: 'signal';
      readonly signal: string;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly ended: 'timeout'; readonly stdout: string; readonly stderr: string }
  | { readonly ended: 'not-found' }
  | { readonly ended: 'aborted' };

/** Starts tools. The real one is in tools/run-tool.ts; the tests' throws on unexpected commands. */
export type RunTool = (run: ToolRun) => Promise<ToolResult>;
