import { UserError } from '../model/errors.ts';
import type { Question } from '../model/template.ts';
import { problemOf } from '../plans/init/collect-answers.ts';
import { cleanForTerminal } from '../ui/clean.ts';
import type { CommandIo } from './io.ts';
import { typedLines } from './typed-lines.ts';

const MOST_TRIES = 5;

/** Asks a person, one line at a time. */
export interface Prompt {
  /** An answer that passes; throws UserError where the input ends, or after five that do not. */
  readonly ask: (
    question: string,
    problem: (answer: string) => string | undefined,
  ) => Promise<string>;
}

/** A prompt on stderr that reads stdin. */
export function promptOf(io: CommandIo): Prompt {
  const next = typedLines(io);
  const ask: Prompt['ask'] = async (question, problem) => {
    for (let i = 0; i < MOST_TRIES; i++) {
      io.writeErr(`${cleanForTerminal(question)} `);
      const answer = await next();
      if (answer === undefined)
        throw new UserError('the input ended before all was answered', {
          nextStep: 'answer with --set NAME=VALUE, or take defaults with --yes',
        });
      const wrong = problem(answer);
      if (wrong === undefined) return answer;
      io.writeErr(`  ${cleanForTerminal(wrong)}\n`);
    }
    throw new UserError(`no usable answer in ${MOST_TRIES} tries`);
  };
  return { ask };
}

/** The answer to a template's question; an empty line takes its default. */
export async function askQuestion(prompt: Prompt, question: Question): Promise<string> {
  const { ask, type, choices, byDefault } = question;
  const shown =
    choices.length > 0 ? ` (${choices.join(', ')})` : type === 'names' ? ' (a,b or none)' : '';
  const preset = byDefault === undefined ? '' : ` [${byDefault}]`;
  const answer = await prompt.ask(`${ask}${shown}${preset}:`, (text) =>
    text === '' && byDefault !== undefined ? undefined : problemOf(question, text),
  );
  return answer === '' ? (byDefault ?? '') : answer;
}
