import { useStdout } from 'ink';
import { useEffect, useState } from 'react';

interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const USUAL_COLUMNS = 80;

/**
 * Columns that are drawn on. The last one stays free: where Ink cuts a text inside a character of
 * two columns, it gives one column too many, and a row that a terminal wraps is one that Ink does
 * not erase.
 */
export function inkColumns({ columns }: { readonly columns: number }): number {
  return (columns || USUAL_COLUMNS) - 1;
}

/** Columns to draw on and rows of the terminal, again whenever they change. */
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
