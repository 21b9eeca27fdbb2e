import { type Instance, render } from 'ink';
import type { ReactElement } from 'react';
import { paintIf } from './colour.ts';

const ENTER = '\u001b[?1049h\u001b[2J\u001b[H';
const LEAVE = '\u001b[?1049l';
const ERASE = '\u001b[2J\u001b[H';
export const UP_AND_ERASE = '\u001b[1A\u001b[2K';
const SHOW_CURSOR = '\u001b[?25h';

/** The terminal of a person: where it is drawn, and where keys come from. */
export interface Terminal {
  readonly output: NodeJS.WriteStream;
  readonly input: NodeJS.ReadStream;
  readonly color: boolean;
  /** Aborted when the command is stopped. */
  readonly signal: AbortSignal;
}

/**
 * Shows an element until it calls `done` or the command is stopped: undefined then. `whole` takes
 * the alternate screen; what stood on the terminal is there again afterwards. Whatever happens,
 * cursor and line mode come back.
 */
export function show<T>(
  terminal: Terminal,
  whole: boolean,
  element: (done: (value: T) => void) => ReactElement,
): Promise<T | undefined> {
  const { output, input, color, signal } = terminal;
  paintIf(color);
  return new Promise((resolve, reject) => {
    let instance: Instance | undefined;
    let isOpen = true;
    // A shrunk screen holds pieces of the wider one.
    const erase = (): void => {
      output.write(ERASE);
    };
    const leave = (): void => {
      if (!isOpen) return;
      isOpen = false;
      process.removeListener('exit', leave);
      signal.removeEventListener('abort', stop);
      output.off('resize', erase);
      if (!whole) instance?.rerender(null);
      instance?.unmount();
      // What Ink leaves of nothing is an empty line.
      output.write(`${whole ? LEAVE : UP_AND_ERASE}${SHOW_CURSOR}`);
      if (input.isTTY) input.setRawMode(false);
    };
    const end = (value: T | undefined): void => {
      leave();
      resolve(value);
    };
    const stop = (): void => {
      end(undefined);
    };
    process.once('exit', leave);
    signal.addEventListener('abort', stop, { once: true });
    if (whole) {
      output.write(ENTER);
      output.prependListener('resize', erase);
    }
    try {
      instance = render(element(end), {
        stdout: output,
        stdin: input,
        patchConsole: false,
        exitOnCtrlC: false,
      });
      instance.waitUntilExit().catch((error: unknown) => {
        leave();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
      if (signal.aborted) stop();
    } catch (error) {
      leave();
      throw error;
    }
  });
}
