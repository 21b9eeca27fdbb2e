import { UserError } from '../../model/errors.ts';
import type { Question } from '../../model/template.ts';
import { problemOf } from '../../plans/init/collect-answers.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import type { CommandIo } from '../io.ts';
import { stdinLines } from '../stdin-lines.ts';

const MOST_TRIES = 5;

/** A question to a person. */
interface Asked {
  readonly question: string;
  /** Answers to choose from; none where it is typed. */
  readonly options: readonly { readonly value: string; readonly detail?: string }[];
  /** How an answer is spelled that is typed. */
  readonly hint?: string;
  /** What Enter on nothing stands for. */
  readonly byDefault?: string;
  /** Why an answer does not do; undefined where it does. */
  readonly problem: (answer: string) => string | undefined;
}

/** Asks a person for a valid answer. Throws UserError if none comes, Interrupted if stopped. */
export type Prompt = (asked: Asked) => Promise<string>;

/** A prompt on stderr, read by line from stdin; fails at its end or after five bad answers. */
export function linePrompt(io: CommandIo): Prompt {
  const next = stdinLines(io);
  return async (asked) => {
    for (let i = 0; i < MOST_TRIES; i++) {
      io.writeErr(`${cleanForTerminal(lineOf(asked))} `);
      const typed = await next();
      if (typed === undefined)
        throw new UserError('the input ended before all was answered', {
          nextStep: 'answer with --set NAME=VALUE, or take defaults with --yes',
        });
      const answer = typed === '' ? (asked.byDefault ?? '') : typed;
      const wrong = asked.problem(answer);
      if (wrong === undefined) return answer;
      io.writeErr(`  ${cleanForTerminal(wrong)}\n`);
    }
    throw new UserError(`no usable answer in ${MOST_TRIES} tries`);
  };
}

function lineOf({ question, options, hint, byDefault }: Asked): string {
  const shown = options.length > 0 ? options.map(({ value }) => value).join(', ') : hint;
  const preset = byDefault === undefined ? '' : ` [${byDefault}]`;
  return `${question}${shown === undefined ? '' : ` (${shown})`}${preset}:`;
}

/** A template's question as it is asked. */
export function askedOf(question: Question): Asked {
  const { ask, type, choices, byDefault } = question;
  return {
    question: ask,
    options: choices.map((value) => ({ value })),
    ...(type === 'names' ? { hint: 'a,b or none' } : {}),
    ...(byDefault === undefined ? {} : { byDefault }),
    problem: (text) => problemOf(question, text),
  };
}
