import { Box, type Instance, render, useStdout } from 'ink';
import { paintIf } from './colour.ts';
import { folded } from './folded.ts';
import { LiveArea } from './live-area.tsx';
import type { LiveModel, LiveSurface } from './live-model.ts';
import type { Marks } from './marks.ts';
import { inkColumns } from './screen-size.ts';
import { UP_AND_ERASE } from './whole-screen.ts';

interface InkSurfaceOptions {
  readonly stream: NodeJS.WriteStream;
  readonly color: boolean;
  readonly marks: Marks;
}

const EMPTY: LiveModel = { rows: [], items: [] };
/** Rows of a terminal that does not say how many it has. */
const USUAL_ROWS = 24;

/**
 * A live log's surface drawn by Ink on the last rows of a terminal. Reads no keys: Ctrl-C and
 * Ctrl-Z stay the terminal's.
 */
export function inkSurface({ stream, color, marks }: InkSurfaceOptions): LiveSurface {
  paintIf(color);
  let write: ((text: string) => void) | undefined;
  let frame = 0;
  let isOpen = true;
  /** Ink leaves an empty line below what it wrote. What it had no time to draw leaves none. */
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
    // Ink clears the whole terminal for what fills it.
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
    // What Ink leaves of nothing is an empty line.
    if (hasWritten) stream.write(UP_AND_ERASE);
    hasWritten = false;
  };
  // Ctrl-Z: the shell gets a terminal with a cursor, and what is drawn afterwards erases nothing of
  // the shell's.
  const suspend = (): void => {
    erase();
    process.removeListener('SIGTSTP', suspend);
    // With nobody listening the system stops the process here, or does not where nobody could let
    // it go on.
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
