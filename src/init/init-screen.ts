import { interrupt, terminalOf } from '../cli/conversation.ts';
import type { CommandIo } from '../cli/io.ts';
import { isUtf8 } from '../cli/render-report.ts';
import { show } from '../ui/ink-surface.tsx';
import { questionElement } from '../ui/questions.tsx';
import { cleanForTerminal, marksOf } from '../ui/text.ts';
import type { Prompt } from './answers.ts';

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
