import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { useKeys, useKeyState } from './keyboard.ts';
import { KeyHelp, type KeyList, KeyRow } from './keys.tsx';
import { Line } from './line.tsx';
import type { Marks } from './marks.ts';
import { useScreenSize } from './screen-size.ts';

/** What a frame gives to what it holds. */
export interface Inside {
  readonly columns: number;
  readonly height: number;
  /** Whether keys are for what the frame holds, not for its help. */
  readonly isActive: boolean;
}

interface Props {
  readonly keys: KeyList;
  readonly marks: Marks;
  /** One line above the keys; '' for none. */
  readonly message: string;
  /** Undefined while the screen cannot be left. */
  readonly onEnd: (() => void) | undefined;
  readonly onInterrupt: () => void;
  readonly children: (inside: Inside) => ReactNode;
}

/**
 * A whole screen: what it holds, a message, the keys; `?` shows all keys, `q` ends, Ctrl-C stops
 * the command.
 */
export function Frame({ keys, marks, message, onEnd, onInterrupt, children }: Props) {
  const { columns, rows } = useScreenSize();
  const showsKeys = useKeyState(false);
  // One row stays free: Ink clears the terminal for what fills it.
  const height = Math.max(6, rows - 1);
  useKeys(
    (input) => {
      if (showsKeys.now()) showsKeys.set(false);
      else if (input === '?') showsKeys.set(true);
      else if (input === 'q') onEnd?.();
    },
    { onInterrupt },
  );
  const inside = { columns, height: height - 2, isActive: !showsKeys.shown };
  return (
    <Box flexDirection="column" height={height} width={columns}>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        {/* What is too tall is cut at its end: squeezed, it would lose rows in its middle. */}
        <Box flexDirection="column" flexShrink={0}>
          {showsKeys.shown ? <KeyHelp keys={keys} ends={onEnd !== undefined} /> : children(inside)}
        </Box>
      </Box>
      {message === '' ? <Text> </Text> : <Line bold text={message} />}
      <KeyRow keys={keys} ends={onEnd !== undefined} marks={marks} columns={columns} />
    </Box>
  );
}
