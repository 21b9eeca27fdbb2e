import { isTyped, terminalJob } from '../tools/terminal-job.ts';
import { toolRunner } from './context.ts';
import type { CommandIo } from './io.ts';
import { canAsk } from './screen.ts';

/** Where a person typed the command, sees its progress drawn, and asked for nothing that a machine reads. */
export async function isForPerson(
  io: CommandIo,
  asked: { readonly style: string; readonly interactive: boolean; readonly json: boolean },
): Promise<boolean> {
  const isDrawn = asked.style === 'auto' || asked.style === 'tty';
  const isPerson = isDrawn && asked.interactive && !asked.json && canAsk(io);
  return isPerson && wasTyped(io);
}

/** True where a person typed the command at a prompt and waits for its end; not in a script, whose next line would wait. */
async function wasTyped(io: CommandIo): Promise<boolean> {
  const job = await terminalJob(toolRunner(io), process.pid);
  return job !== undefined && isTyped(job, io.docker !== undefined);
}
