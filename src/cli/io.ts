import { wholeStream } from '../lib/bytes.ts';
import { Interrupted, messageOf, UserError } from '../lib/errors.ts';
import { isCi } from '../model/context.ts';
import { folded } from '../ui/text.ts';
import type { CommandSpec } from './flag-table.ts';

/** What a command may use of the outside: bin.ts makes it, tests replace it. */
export interface CommandIo {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The product: what a script would read. */
  readonly writeOut: (text: string) => void;
  /** The conversation: progress, notices, errors. */
  readonly writeErr: (text: string) => void;
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
  /** Loads a module from outside of this program, by its URL. */
  readonly importModule: (url: string) => Promise<unknown>;
  /** The words that start this program, absolute: Node.js and the script, or one executable. */
  readonly program: readonly string[];
  /** Set when Docker calls us as its plugin: its global flags, and environment for its tools. */
  readonly docker?: {
    readonly globals: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  };
}

export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** True where a person reads stderr and can type, even in plain text: a login may be asked for. */
export function isAtTerminal({
  env,
  inIsTerminal,
  errIsTerminal,
}: Pick<CommandIo, 'env' | 'inIsTerminal' | 'errIsTerminal'>): boolean {
  return inIsTerminal && errIsTerminal && !isCi(env);
}

/** The same streams, where lines of stderr on a terminal break between words. */
export function conversing(io: CommandIo): CommandIo {
  if (!io.errIsTerminal) return io;
  return {
    ...io,
    writeErr: (text) => {
      io.writeErr(folded(text, io.columns));
    },
  };
}

/** Writes text for people to stdout; a terminal gets lines that fit, a pipe gets them as is. */
export function writeProse(io: CommandIo, text: string): void {
  io.writeOut(io.outIsTerminal ? folded(text, io.columns) : text);
}

/** Asks for the flags that few need, too. */
export const ALL_HELP = '--help=all';

export async function writeHelp(io: CommandIo, spec: CommandSpec, all = false): Promise<void> {
  const { commandHelp, HELP_COLUMNS } = await import('./command-help.ts');
  const columns = io.outIsTerminal ? Math.min(HELP_COLUMNS, io.columns) : HELP_COLUMNS;
  writeProse(io, commandHelp(spec, columns, all));
}

const LARGEST = 16 * 1024 * 1024;

/** All of a stream of at most 16 MiB; `name` is for the error if it is longer or unreadable. */
export async function readStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
): Promise<Uint8Array> {
  const bytes = await wholeStream(stream, LARGEST).catch((cause: unknown) => {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (bytes === undefined) throw new UserError(`${name} is larger than 16 MiB`);
  return bytes;
}

const LONGEST = 4096;

/** What a person types, by line; undefined at the end. Throws Interrupted and UserError. */
export function stdinLines({
  stdin,
  signal,
}: Pick<CommandIo, 'stdin' | 'signal'>): () => Promise<string | undefined> {
  const lines = linesOf(stdin);
  return async () => {
    const next = await untilAborted(lines.next(), signal);
    return next.done === true ? undefined : next.value.trim();
  };
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let left = '';
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    left += decoder.decode(chunk, { stream: true });
    for (let end = left.indexOf('\n'); end >= 0; end = left.indexOf('\n')) {
      yield left.slice(0, end);
      left = left.slice(end + 1);
    }
    if (left.length > LONGEST) throw new UserError('the answer is too long');
  }
  if (left !== '') yield left;
  return undefined;
}

async function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, fail) => {
    stop = (): void => {
      fail(new Interrupted('interrupted'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([waiting, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const ANSWERS = ['yes', 'no', 'all', 'quit'] as const;
export type Answer = (typeof ANSWERS)[number];

/** Asks until the answer is one of y, n, a, q; the end of the input is q. */
export async function askAnswer(
  question: string,
  next: () => Promise<string | undefined>,
  write: (text: string) => void,
): Promise<Answer> {
  for (;;) {
    write(`${question} [y]es [n]o [a]ll [q]uit: `);
    const line = await next();
    if (line === undefined) {
      write('\n');
      return 'quit';
    }
    const word = line.toLowerCase();
    const answer = ANSWERS.find((one) => one === word || one.charAt(0) === word);
    if (answer !== undefined) return answer;
  }
}
