import { isTyped, terminalJob } from '../tools/terminal-job.ts';
import { toolRunner } from './context.ts';
import type { CommandIo } from './io.ts';

/** True where a person typed the command at a prompt and waits for its end; not in a script, whose next line would wait. */
export async function wasTyped(io: CommandIo): Promise<boolean> {
  const job = await terminalJob(toolRunner(io), process.pid);
  return job !== undefined && isTyped(job, io.docker !== undefined);
}
