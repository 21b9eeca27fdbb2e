import { Box, Text, useInput } from 'ink';
import { useState } from 'react';
import { cleanForTerminal } from './clean.ts';
import { isInterrupt } from './interrupt-key.ts';
import { Paragraph } from './line.tsx';

const LONGEST = 4096;

export interface TextFieldProps {
  readonly question: string;
  /** What Enter on nothing stands for. */
  readonly byDefault?: string;
  /** Why an answer does not do; undefined where it does. */
  readonly problem: (answer: string) => string | undefined;
  readonly onAnswer: (answer: string) => void;
  readonly onInterrupt: () => void;
}

/** A line that is typed; asked again, with the reason, until it does. */
export function TextField({ question, byDefault, problem, onAnswer, onInterrupt }: TextFieldProps) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState('');
  useInput((input, key) => {
    if (isInterrupt(input, key)) onInterrupt();
    else if (key.return) {
      const answer = text.trim() === '' ? (byDefault ?? '') : text.trim();
      const reason = problem(answer);
      if (reason === undefined) onAnswer(answer);
      else setWrong(reason);
    } else if (key.backspace || key.delete) setText(text.replace(/.$/u, ''));
    else if (key.ctrl && input === 'u') setText('');
    else if (!key.ctrl && !key.meta) setText((text + cleanForTerminal(input)).slice(0, LONGEST));
  });
  return (
    <Box flexDirection="column">
      <Paragraph bold text={byDefault === undefined ? question : `${question} [${byDefault}]`} />
      <Text wrap="truncate-start">
        {'> '}
        {text}
        <Text inverse> </Text>
      </Text>
      {wrong !== '' && <Paragraph color="red" text={wrong} />}
    </Box>
  );
}

/** The field as an element, for those who write no JSX. */
export function textElement(props: TextFieldProps) {
  return <TextField {...props} />;
}
