import { Choice, type Option } from './choice.tsx';
import type { Marks } from './marks.ts';
import { TextField } from './text-field.tsx';

export interface QuestionProps {
  readonly question: string;
  /** Answers to choose from; none where it is typed. */
  readonly options: readonly Omit<Option<string>, 'label'>[];
  /** How an answer is spelled that is typed. */
  readonly hint?: string;
  /** Where the pointer stands first, or what Enter on nothing stands for. */
  readonly byDefault?: string;
  readonly problem: (answer: string) => string | undefined;
  readonly marks: Marks;
  readonly onAnswer: (answer: string) => void;
  readonly onInterrupt: () => void;
}

/** A question whose answer is chosen where there is a choice, and typed elsewhere. */
export function Question(props: QuestionProps) {
  const { question, options, hint, byDefault, problem, marks, ...heard } = props;
  if (options.length === 0)
    return (
      <TextField
        question={hint === undefined ? question : `${question} (${hint})`}
        {...(byDefault === undefined ? {} : { byDefault })}
        problem={problem}
        {...heard}
      />
    );
  return (
    <Choice
      question={question}
      options={options.map((option) => ({ ...option, label: option.value }))}
      initial={Math.max(
        0,
        options.findIndex(({ value }) => value === byDefault),
      )}
      marks={marks}
      {...heard}
    />
  );
}

export function questionElement(props: QuestionProps) {
  return <Question {...props} />;
}
