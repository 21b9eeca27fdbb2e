import { isTyped, terminalJob } from '../tools/terminal-job.ts';
import type { Terminal } from '../ui/whole-screen.ts';
import { isCi, isSet } from './at-terminal.ts';
import { toolRunner } from './context.ts';
import type { CommandIo } from './io.ts';

type Outside = Pick<CommandIo, 'env' | 'inIsTerminal' | 'outIsTerminal' | 'errIsTerminal'>;

/** True where stderr lines may be redrawn: a terminal with a cursor, a person, not plain text. */
export function canDraw({ env, errIsTerminal }: Pick<Outside, 'env' | 'errIsTerminal'>): boolean {
  return (
    errIsTerminal &&
    env['TERM'] !== 'dumb' &&
    !isSet(env, 'SCOVILLE_ACCESSIBLE') &&
    !isSet(env, 'INK_SCREEN_READER') &&
    !isCi(env)
  );
}

/** True where a screen may take keys and the whole terminal: all three streams are the terminal. */
export function canAsk(io: Outside): boolean {
  return canDraw(io) && io.inIsTerminal && io.outIsTerminal;
}

/** The terminal for screens that take keys. */
export function terminalOf(io: CommandIo): Terminal {
  return { output: process.stderr, input: process.stdin, color: io.color, signal: io.signal };
}

/** Ctrl-C comes as a key while a screen reads keys: it goes the way of a signal. */
export function interrupt(): void {
  process.kill(process.pid, 'SIGINT');
}

/** True where a person typed the command and waits; not in a script, whose next line would wait. */
async function wasTyped(io: CommandIo): Promise<boolean> {
  const job = await terminalJob(toolRunner(io), process.pid);
  return job !== undefined && isTyped(job, io.docker !== undefined);
}

/** True where a person typed the command, sees drawn progress and asked for no machine output. */
export async function isForPerson(
  io: CommandIo,
  asked: { readonly style: string; readonly interactive: boolean; readonly json: boolean },
): Promise<boolean> {
  const isDrawn = asked.style === 'auto' || asked.style === 'tty';
  const isPerson = isDrawn && asked.interactive && !asked.json && canAsk(io);
  return isPerson && wasTyped(io);
}
