import { Box } from 'ink';
import { Line } from './line.tsx';

interface Props {
  /** A unified diff, without colours. */
  readonly diff: string;
  readonly top: number;
  readonly height: number;
}

/** Rows that a diff takes, without the two that name its files. */
export function diffRows(diff: string): readonly string[] {
  return diff
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(?:---|\+\+\+) /.test(line));
}

/**
 * A piece of a diff; its sign shows what goes and what comes, and so does its colour where there is
 * any.
 */
export function DiffView({ diff, top, height }: Props) {
  return (
    <Box flexDirection="column">
      {diffRows(diff)
        .slice(top, top + height)
        .map((row, i) => (
          <Line key={top + i} text={row} {...colourOf(row)} />
        ))}
    </Box>
  );
}

function colourOf(row: string): { readonly color?: string; readonly dimColor?: boolean } {
  if (row.startsWith('+')) return { color: 'green' };
  if (row.startsWith('-')) return { color: 'red' };
  return row.startsWith('@@') ? { dimColor: true } : {};
}
