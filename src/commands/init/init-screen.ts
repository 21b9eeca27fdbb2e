import { cleanForTerminal } from '../../ui/clean.ts';
import { marksOf } from '../../ui/marks.ts';
import { questionElement } from '../../ui/question.tsx';
import { show } from '../../ui/whole-screen.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { isUtf8 } from '../reports.ts';
import type { Prompt } from './init-prompt.ts';

/** Asks with keys, below what the terminal shows; a line per answer stays. Throws if stopped. */
export function screenPrompt(io: CommandIo): Prompt {
  const marks = marksOf(isUtf8(io));
  return async (asked) => {
    const answer = await show(terminalOf(io), false, (done: (value: string) => void) =>
      questionElement({ ...asked, marks, onAnswer: done, onInterrupt: interrupt }),
    );
    io.signal.throwIfAborted();
    if (answer === undefined) throw new Error('a screen that was not stopped gives an answer');
    io.writeErr(`${cleanForTerminal(`${marks.done} ${asked.question}: ${answer}`)}\n`);
    return answer;
  };
}
