import { Box, Text } from 'ink';
import { useKeys, useKeyState } from './keyboard.ts';
import { Line, Paragraph } from './line.tsx';
import type { Marks } from './marks.ts';
import { moved, rowStep } from './window.ts';

export interface Option<T> {
  readonly value: T;
  readonly label: string;
  readonly detail?: string;
}

export interface ChoiceProps<T> {
  readonly question: string;
  readonly options: readonly Option<T>[];
  readonly marks: Marks;
  /** Where the pointer stands first. */
  readonly initial?: number;
  readonly note?: string;
  readonly onAnswer: (value: T) => void;
  readonly onInterrupt: () => void;
}

/** One answer out of several: arrows and Enter, or the number of the answer. */
export function Choice<T>(props: ChoiceProps<T>) {
  const { question, options, marks, note, onAnswer, onInterrupt } = props;
  const selected = useKeyState(props.initial ?? 0);
  const answer = (place: number): void => {
    const option = options[place];
    if (option !== undefined) onAnswer(option.value);
  };
  useKeys((input, key) => {
    const by = rowStep(input, key);
    if (by !== 0) selected.set(moved(selected.now(), by, options.length));
    else if (key.return) answer(selected.now());
    else if (/^[1-9]$/.test(input)) answer(Number(input) - 1);
  }, onInterrupt);
  return (
    <Box flexDirection="column">
      <Paragraph bold text={question} />
      {options.map(({ label, detail }, i) => (
        <Box key={label}>
          <Box flexShrink={0}>
            <Text bold={i === selected.shown}>
              {i === selected.shown ? marks.pointer : ' '} {i + 1}.{' '}
            </Text>
          </Box>
          <Box flexShrink={0}>
            <Line bold={i === selected.shown} text={label} />
          </Box>
          {detail !== undefined && <Line dimColor text={`  ${detail}`} />}
        </Box>
      ))}
      <Paragraph dimColor text={note ?? 'up, down and enter, or a number'} />
    </Box>
  );
}

export function choiceElement<T>(props: ChoiceProps<T>) {
  return <Choice<T> {...props} />;
}
