import chalk from 'chalk';
import { Box, type Instance, render, Text, useStdout } from 'ink';
import { type ReactElement, useEffect, useState } from 'react';
import type { LiveItem, LiveModel, LiveSurface } from './live-log.ts';
import { folded, type Marks } from './text.ts';

/** Ink styles text with chalk, which checks only stdout and does not know NO_COLOR. */
function paintIf(on: boolean): void {
  if (!on) chalk.level = 0;
  else if (chalk.level === 0) chalk.level = 1;
}

interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const USUAL_COLUMNS = 80;

/**
 * Columns to draw on; the last stays free. Where Ink cuts a text inside a wide character, it prints
 * one column too many. A row that the terminal wraps is one that Ink does not erase.
 */
function inkColumns({ columns }: { readonly columns: number }): number {
  return (columns || USUAL_COLUMNS) - 1;
}

export function useScreenSize(): ScreenSize {
  const { stdout } = useStdout();
  const read = (): ScreenSize => ({ columns: inkColumns(stdout), rows: stdout.rows || 24 });
  const [size, setSize] = useState(read);
  useEffect(() => {
    const update = (): void => {
      setSize(read());
    };
    stdout.on('resize', update);
    return () => {
      stdout.off('resize', update);
    };
  }, [stdout]);
  return size;
}

const ENTER = '\u001b[?1049h\u001b[2J\u001b[H';
const LEAVE = '\u001b[?1049l';
const ERASE = '\u001b[2J\u001b[H';
const UP_AND_ERASE = '\u001b[1A\u001b[2K';
const SHOW_CURSOR = '\u001b[?25h';

export interface Terminal {
  readonly output: NodeJS.WriteStream;
  readonly input: NodeJS.ReadStream;
  readonly color: boolean;
  /** Aborted when the command is stopped. */
  readonly signal: AbortSignal;
}

/**
 * Shows an element until it calls `done`, or returns undefined when the command is stopped. `whole`
 * uses the alternate screen, so the terminal's text returns. Cursor and line mode are always
 * restored.
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
    // A narrower screen still shows pieces of the wider one.
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
      // For nothing, Ink leaves an empty line.
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

interface Props {
  readonly model: LiveModel;
  readonly marks: Marks;
  /** Counts drawings, to turn the spinner. */
  readonly frame: number;
  /** Rows to use; what does not fit is left out, logs first. */
  readonly height: number;
  readonly columns: number;
}

const GAP = 2;

export function LiveArea({ model, marks, frame, height, columns }: Props) {
  const spinner = marks.spinner[frame % marks.spinner.length] ?? '';
  const list = rowsOfItems(model.items, columns);
  const rows = model.rows.slice(-Math.max(1, height - list));
  const room = height - list - rows.length;
  const colors = { waiting: {}, running: {}, done: { color: 'green' }, off: { color: 'yellow' } };
  const signs = { ...marks, running: spinner };
  return (
    <Box flexDirection="column">
      {rows.map(({ key, label, figures, log }) => (
        <Box key={key} flexDirection="column">
          <Box>
            <Text wrap="truncate-end">
              {spinner} {label}
            </Text>
            <Box flexShrink={0}>
              <Text> {figures}</Text>
            </Box>
          </Box>
          {log.slice(Math.max(0, log.length - Math.max(0, room))).map((line, i) => (
            <Text key={i} dimColor wrap="truncate-end">
              {'  '}
              {line}
            </Text>
          ))}
        </Box>
      ))}
      {model.items.length > 0 && (
        <Box flexWrap="wrap" columnGap={GAP}>
          {model.items.map(({ key, label, state }) => (
            <Text key={key} dimColor={state === 'waiting'} {...colors[state]}>
              {signs[state]} {label}
              {state === 'off' ? ' off' : ''}
            </Text>
          ))}
        </Box>
      )}
    </Box>
  );
}

/** Two rows for a short checklist, so that nothing moves when it grows. */
function rowsOfItems(items: readonly LiveItem[], columns: number): number {
  if (items.length === 0) return 0;
  let rows = 1;
  let used = 0;
  for (const { label, state } of items) {
    const width = 2 + label.length + (state === 'off' ? 4 : 0);
    if (used > 0 && used + GAP + width > columns) {
      rows += 1;
      used = 0;
    }
    used += (used > 0 ? GAP : 0) + width;
  }
  return Math.max(2, rows);
}

interface InkSurfaceOptions {
  readonly stream: NodeJS.WriteStream;
  readonly color: boolean;
  readonly marks: Marks;
}

const EMPTY: LiveModel = { rows: [], items: [] };
/** For a terminal that does not report its rows. */
const USUAL_ROWS = 24;

/**
 * A live log drawn by Ink on the last rows of a terminal. It does not read keys: Ctrl-C and Ctrl-Z
 * stay the terminal's.
 */
export function inkSurface({ stream, color, marks }: InkSurfaceOptions): LiveSurface {
  paintIf(color);
  let write: ((text: string) => void) | undefined;
  let frame = 0;
  let isOpen = true;
  /** Ink leaves an empty line below its output, unless it had no time to draw. */
  let hasWritten = false;
  const seen = new Proxy(stream, {
    get: (target, name) => {
      if (name === 'write')
        return (text: string, ...rest: []) => {
          hasWritten ||= text.includes('\n');
          return target.write(text, ...rest);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  function Root({ model }: { readonly model: LiveModel }) {
    ({ write } = useStdout());
    // Ink clears the whole terminal for output that fills it.
    const height = Math.max(3, (stream.rows || USUAL_ROWS) - 3);
    const columns = inkColumns(stream);
    return (
      <Box width={columns}>
        <LiveArea model={model} marks={marks} frame={frame} height={height} columns={columns} />
      </Box>
    );
  }
  const drawn = (): Instance =>
    render(<Root model={EMPTY} />, {
      stdout: seen,
      patchConsole: false,
      exitOnCtrlC: false,
      maxFps: 15,
    });
  let instance = drawn();
  const erase = (): void => {
    instance.rerender(<Root model={EMPTY} />);
    instance.unmount();
    // For nothing, Ink leaves an empty line.
    if (hasWritten) stream.write(UP_AND_ERASE);
    hasWritten = false;
  };
  // Ctrl-Z: the shell gets its cursor back, and later drawing does not erase its text.
  const suspend = (): void => {
    erase();
    process.removeListener('SIGTSTP', suspend);
    // Without a listener the system stops the process here, or ignores it where nobody could resume
    // it.
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', suspend);
    instance = drawn();
  };
  process.on('SIGTSTP', suspend);
  return {
    print: (text) => {
      if (!isOpen) return;
      write?.(`${folded(text, inkColumns(stream))}\n`);
    },
    draw: (model) => {
      if (!isOpen) return;
      frame += 1;
      instance.rerender(<Root model={model} />);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      process.removeListener('SIGTSTP', suspend);
      erase();
    },
  };
}
