import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { useKeys, useKeyState } from './keyboard.ts';
import { Line } from './line.tsx';
import type { Marks } from './marks.ts';
import { useScreenSize } from './screen-size.ts';

/** Keys of one screen, the most used first. */
type KeyList = readonly (readonly [key: string, does: string])[];

const EVERYWHERE: KeyList = [
  ['?', 'keys'],
  ['q', 'end'],
];

interface Props {
  readonly keys: KeyList;
  readonly marks: Marks;
  /** One line above the keys; '' for none. */
  readonly message: string;
  readonly onEnd: () => void;
  readonly onInterrupt: () => void;
  /** Not mounted while the help is shown, so that it hears no key then. */
  readonly children: (height: number) => ReactNode;
}

/** A whole screen; `?` shows all keys, `q` ends, Ctrl-C stops the command. */
export function Frame({ keys, marks, message, onEnd, onInterrupt, children }: Props) {
  const { columns, rows } = useScreenSize();
  const showsKeys = useKeyState(false);
  // One row stays free: Ink clears the terminal for what fills it.
  const height = Math.max(6, rows - 1);
  useKeys((input) => {
    if (showsKeys.now()) showsKeys.set(false);
    else if (input === '?') showsKeys.set(true);
    else if (input === 'q') onEnd();
  }, onInterrupt);
  return (
    <Box flexDirection="column" height={height} width={columns}>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        {/* What is too tall is cut at its end: squeezed, it would lose rows in its middle. */}
        <Box flexDirection="column" flexShrink={0}>
          {showsKeys.shown ? <KeyHelp keys={keys} /> : children(height - 2)}
        </Box>
      </Box>
      {message === '' ? <Text> </Text> : <Line bold text={message} />}
      <KeyRow keys={keys} marks={marks} columns={columns} />
    </Box>
  );
}

interface KeyRowProps extends Pick<Props, 'keys' | 'marks'> {
  readonly columns: number;
}

/** The keys on the last row; those that do not fit are left out, but never `?`. */
export function KeyRow({ keys, marks, columns }: KeyRowProps) {
  const textOf = (shown: KeyList): string =>
    [...shown, ...EVERYWHERE].map(([key, does]) => `${key} ${does}`).join(` ${marks.between} `);
  const most = keys.findLastIndex((_, i) => textOf(keys.slice(0, i + 1)).length <= columns);
  return (
    <Text dimColor wrap="truncate-end">
      {textOf(keys.slice(0, most + 1))}
    </Text>
  );
}

/** All keys, one a row. */
function KeyHelp({ keys }: Pick<Props, 'keys'>) {
  const rows: KeyList = [
    ...keys,
    ['pgup, pgdn', 'a page'],
    ['j, k', 'as down and up'],
    ...EVERYWHERE,
    ['ctrl-c', 'stop at once, exit code 130'],
  ];
  return (
    <Box flexDirection="column">
      <Text bold>Keys</Text>
      {rows.map(([key, does]) => (
        <Text key={key}>
          {'  '}
          {key.padEnd(12)} {does}
        </Text>
      ))}
      <Text dimColor>any key goes back</Text>
    </Box>
  );
}
