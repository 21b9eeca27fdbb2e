import type { Key } from 'ink';

const CTRL_C = '\u0003';

/** Whether Ctrl-C is among the keys: those that were pressed while the program was busy come as one input. */
export function isInterrupt(input: string, key: Key): boolean {
  return (key.ctrl && input === 'c') || input.includes(CTRL_C);
}
