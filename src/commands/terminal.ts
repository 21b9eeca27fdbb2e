import type { Terminal } from '../ui/whole-screen.ts';
import type { CommandIo } from './io.ts';

/** The terminal for screens that take keys. */
export function terminalOf(io: CommandIo): Terminal {
  return { output: process.stderr, input: process.stdin, color: io.color, signal: io.signal };
}

/** Ctrl-C comes as a key while a screen reads keys: it goes the way of a signal. */
export function interrupt(): void {
  process.kill(process.pid, 'SIGINT');
}
