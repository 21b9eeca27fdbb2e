import { readFile } from 'node:fs/promises';
import type { RunTool } from '../lib/run-tool.ts';

/** Processes as a shell with job control sets them up; numbers are process ids. */
interface TerminalJob {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The process group that the terminal listens to; -1 without a terminal. */
  readonly foreground: number;
}

/**
 * True where the command was typed at a prompt: an interactive shell makes each job a process group
 * of its own, led by what was typed. In a script, in make or in npm, somebody else leads the group.
 * `plugin`: what was typed is the parent, Docker.
 */
export function isTyped(job: TerminalJob, plugin: boolean): boolean {
  return job.group === job.foreground && job.group === (plugin ? job.parent : job.pid);
}

/** The job that this process is part of; undefined where that cannot be found out. */
export async function terminalJob(run: RunTool, pid: number): Promise<TerminalJob | undefined> {
  const stat = await readFile('/proc/self/stat', 'latin1').catch(() => undefined);
  if (stat !== undefined) return parseStat(stat);
  const result = await run({
    command: 'ps',
    args: ['-o', 'pid=,ppid=,pgid=,tpgid=', '-p', String(pid)],
    timeoutMs: 2000,
  });
  return result.ended === 'exit' && result.exitCode === 0 ? parseNumbers(result.stdout) : undefined;
}

/** Linux, proc(5): the name in parentheses may contain anything. */
export function parseStat(text: string): TerminalJob | undefined {
  const pid = /^\d+/.exec(text)?.[0] ?? '';
  const [, parent, group, , , foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return parseNumbers([pid, parent, group, foreground].join(' '));
}

function parseNumbers(text: string): TerminalJob | undefined {
  const [pid, parent, group, foreground] = text.trim().split(/\s+/).map(Number);
  const all = [pid, parent, group, foreground];
  if (all.some((number) => number === undefined || !Number.isSafeInteger(number))) return undefined;
  return { pid: pid ?? 0, parent: parent ?? 0, group: group ?? 0, foreground: foreground ?? -1 };
}
