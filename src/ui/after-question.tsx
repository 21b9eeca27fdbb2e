import { Text, useInput } from 'ink';
import { useEffect, useState } from 'react';
import { isInterrupt } from './interrupt-key.ts';

/** Keys that come before a person can have read the question were meant for something else. */
const TOO_SOON_MS = 300;

export type AfterBuild = 'end' | 'edits' | 'findings' | 'interrupt';

interface Props {
  /** Whether its Dockerfile is one that can be edited. */
  readonly edits: boolean;
  readonly findings: number;
  /** Seconds until it ends by itself. */
  readonly seconds: number;
  readonly onAnswer: (answer: AfterBuild) => void;
}

/** What to do after a build, on one line; ends by itself. */
export function AfterQuestion({ edits, findings, seconds, onAnswer }: Props) {
  const [left, setLeft] = useState(seconds);
  const [since] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setLeft((before) => before - 1);
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  useEffect(() => {
    if (left <= 0) onAnswer('end');
  }, [left]);
  useInput((input, key) => {
    if (isInterrupt(input, key)) onAnswer('interrupt');
    else if (Date.now() - since < TOO_SOON_MS) onAnswer('end');
    else if (input === 'f' && edits) onAnswer('edits');
    else if (input === 'o') onAnswer('findings');
    else onAnswer('end');
  });
  const keys = [
    ...(edits ? ['f: edits of the Dockerfile'] : []),
    `o: open ${findings === 1 ? '1 finding' : `${findings} findings`}`,
  ];
  return (
    <Text wrap="truncate-end">
      {keys.join(', ')}, any other key or {left} s: end
    </Text>
  );
}

/** The question as an element, for those who write no JSX. */
export function afterQuestion(props: Props) {
  return <AfterQuestion {...props} />;
}
