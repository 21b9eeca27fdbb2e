import { Box, type Key, Text, type TextProps, useInput } from 'ink';
import { useRef, useState } from 'react';
import { given } from '../lib/json.ts';
import { cleanForTerminal, cleanRow, type Marks } from './text.ts';

/** The rows of `count` to show in `height`, with `selected`: the first, and one after the last. */
export function windowOf(
  count: number,
  selected: number,
  height: number,
): { readonly from: number; readonly to: number } {
  const room = Math.max(1, height);
  if (count <= room) return { from: 0, to: count };
  const from = Math.min(Math.max(0, selected - Math.floor(room / 2)), count - room);
  return { from, to: from + room };
}

/** A place in a list, moved and kept inside. */
export function moved(place: number, by: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place + by));
}

/** One row down (1) or up (-1) as arrows, j and k ask for; 0 for any other key. */
export function rowStep(
  input: string,
  key: { readonly downArrow?: boolean; readonly upArrow?: boolean },
): number {
  return key.downArrow || input === 'j' ? 1 : key.upArrow || input === 'k' ? -1 : 0;
}

interface Props extends Omit<TextProps, 'children'> {
  readonly text: string;
}

/** Text from outside on one row, cleaned and cut to its width. */
export function Line({ text, ...style }: Props) {
  return (
    <Text wrap="truncate-end" {...style}>
      {cleanRow(text)}
    </Text>
  );
}

/** Same, wrapped over several rows. */
export function Paragraph({ text, ...style }: Props) {
  return (
    <Text wrap="wrap" {...style}>
      {cleanRow(text)}
    </Text>
  );
}

const CTRL_C = '\u0003';
/** Runs of text, and control characters that are keys. */
const PARTS = /[\r\n\b\u007f\u0015]|[^\r\n\b\u007f\u0015]+/g;

/**
 * Calls `press` for each key. Ink delivers keys typed while the program was busy as one input; here
 * text and control keys in it are separated. Ctrl-C anywhere in it counts alone.
 */
export function useKeys(
  press: (input: string, key: Partial<Key>) => void,
  onInterrupt?: () => void,
): void {
  useInput((input, key) => {
    if ((key.ctrl && input === 'c') || input.includes(CTRL_C)) onInterrupt?.();
    else if (input.length < 2) press(input, key);
    else for (const part of input.match(PARTS) ?? []) press(...keyOf(part));
  });
}

function keyOf(part: string): [input: string, key: Partial<Key>] {
  if (part === '\r' || part === '\n') return ['', { return: true }];
  if (part === '\b' || part === '\u007f') return ['', { backspace: true }];
  return part === '\u0015' ? ['u', { ctrl: true }] : [part, {}];
}

export interface KeyState<T> {
  /** As of the last drawing. */
  readonly shown: T;
  readonly now: () => T;
  readonly set: (value: T) => void;
}

/** Several keys may precede a React redraw: `now` gives each the state after the key before it. */
export function useKeyState<T>(initial: T): KeyState<T> {
  const [shown, show] = useState(initial);
  const latest = useRef(initial);
  const set = (value: T): void => {
    latest.current = value;
    show(value);
  };
  return { shown, now: () => latest.current, set };
}

interface Option<T> {
  readonly value: T;
  readonly label: string;
  readonly detail?: string;
}

export interface ChoiceProps<T> {
  readonly question: string;
  readonly options: readonly Option<T>[];
  readonly marks: Marks;
  readonly initial?: number;
  readonly note?: string;
  readonly onAnswer: (value: T) => void;
  readonly onInterrupt: () => void;
}

/** One answer of several: arrows and Enter, or its number. */
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

const LONGEST = 4096;
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

export interface TextFieldProps {
  readonly question: string;
  /** The answer for Enter without text. */
  readonly byDefault?: string;
  /** Typed without echo, and used as it is. */
  readonly hidden?: boolean;
  /** Why an answer is refused; undefined for a good one. */
  readonly problem: (answer: string) => string | undefined;
  readonly onAnswer: (answer: string) => void;
  readonly onInterrupt: () => void;
}

/** A typed line; asked again, with the reason, until it is good. */
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

export interface QuestionProps {
  readonly question: string;
  /** Answers to choose from; none for a typed answer. */
  readonly options: readonly Omit<Option<string>, 'label'>[];
  /** How to spell a typed answer. */
  readonly hint?: string;
  /** The selected answer, or the one for Enter without text. */
  readonly byDefault?: string;
  readonly problem: (answer: string) => string | undefined;
  readonly marks: Marks;
  readonly onAnswer: (answer: string) => void;
  readonly onInterrupt: () => void;
}

/** A choice where there are options, else a typed line. */
export function Question(props: QuestionProps) {
  const { question, options, hint, byDefault, problem, marks, ...heard } = props;
  if (options.length === 0) {
    const asked = hint === undefined ? question : `${question} (${hint})`;
    return <TextField {...heard} question={asked} problem={problem} {...given({ byDefault })} />;
  }
  const values = options.map(({ value }) => value);
  return (
    <Choice
      question={question}
      options={options.map((option) => ({ ...option, label: option.value }))}
      initial={Math.max(0, values.indexOf(byDefault ?? ''))}
      marks={marks}
      {...heard}
    />
  );
}

export function questionElement(props: QuestionProps) {
  return <Question {...props} />;
}
