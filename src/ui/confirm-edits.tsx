import { Text } from 'ink';
import { ownValue } from '../model/lookup.ts';
import { useKeys } from './keyboard.ts';

interface Props<T extends string> {
  readonly count: number;
  readonly isActive: boolean;
  /** What each key answers; Escape answers as `n` does. */
  readonly answers: Readonly<Record<string, T>> & { readonly n: T };
  /** What the keys do, as it is shown. */
  readonly keys: string;
  readonly onAnswer: (answer: T) => void;
}

/** Asks once more before edits are written. */
export function ConfirmEdits<T extends string>(props: Props<T>) {
  const { count, isActive, answers, keys, onAnswer } = props;
  useKeys(
    (input, key) => {
      // What is pasted comes as one input, and may be any word.
      const own = ownValue(answers, input);
      const answer = key.escape ? answers.n : own;
      if (answer !== undefined) onAnswer(answer);
    },
    { isActive },
  );
  return (
    <Text>
      Write {count === 1 ? 'this edit' : `these ${count} edits`} to the Dockerfile? {keys}
    </Text>
  );
}
