import { Text, type TextProps } from 'ink';
import { cleanForTerminal } from './clean.ts';

interface Props extends Omit<TextProps, 'children'> {
  readonly text: string;
}

/**
 * Text from outside on one row: cleaned of what could steer the terminal, and cut where it is too
 * long.
 */
export function Line({ text, ...style }: Props) {
  return (
    <Text wrap="truncate-end" {...style}>
      {cleanForTerminal(text.replace(/[\t\n]/g, ' '))}
    </Text>
  );
}

/** The same over as many rows as it needs. */
export function Paragraph({ text, ...style }: Props) {
  return (
    <Text wrap="wrap" {...style}>
      {cleanForTerminal(text.replace(/[\t\n]+/g, ' '))}
    </Text>
  );
}
