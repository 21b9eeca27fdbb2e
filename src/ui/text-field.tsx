import { Box, Text } from 'ink';
import { cleanForTerminal } from './clean.ts';
import { useKeys, useKeyState } from './keyboard.ts';
import { Paragraph } from './line.tsx';

const LONGEST = 4096;
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

export interface TextFieldProps {
  readonly question: string;
  /** What Enter on nothing stands for. */
  readonly byDefault?: string;
  /** What is typed is not shown, and taken as it is. */
  readonly hidden?: boolean;
  /** Why an answer does not do; undefined where it does. */
  readonly problem: (answer: string) => string | undefined;
  readonly onAnswer: (answer: string) => void;
  readonly onInterrupt: () => void;
}

/** A line that is typed; asked again, with the reason, until it does. */
export function TextField(props: TextFieldProps) {
  const { question, byDefault, hidden = false, problem, onAnswer, onInterrupt } = props;
  const text = useKeyState('');
  const wrong = useKeyState('');
  useKeys((input, key) => {
    if (key.return) {
      const answer = hidden ? text.now() : text.now().trim() || (byDefault ?? '');
      const reason = problem(answer);
      if (reason === undefined) onAnswer(answer);
      else wrong.set(reason);
    } else if (key.backspace || key.delete) text.set(withoutLast(text.now()));
    else if (key.ctrl && input === 'u') text.set('');
    else if (!key.ctrl && !key.meta)
      text.set((text.now() + cleanForTerminal(input)).slice(0, LONGEST));
  }, onInterrupt);
  return (
    <Box flexDirection="column">
      <Paragraph bold text={byDefault === undefined ? question : `${question} [${byDefault}]`} />
      <Text wrap="truncate-start">
        {'> '}
        {hidden ? '*'.repeat(text.shown.length) : text.shown}
        <Text inverse> </Text>
      </Text>
      {wrong.shown !== '' && <Paragraph color="red" text={wrong.shown} />}
    </Box>
  );
}

function withoutLast(text: string): string {
  const signs = [...GRAPHEMES.segment(text)];
  return text.slice(0, signs.at(-1)?.index ?? 0);
}

export function textElement(props: TextFieldProps) {
  return <TextField {...props} />;
}
