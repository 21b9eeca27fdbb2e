import { answerProblem } from '../../model/answer-types.ts';
import type { Question } from '../../model/template.ts';
import type { Answers } from './render.ts';

/** Where answers come from, best first. */
interface AnswerSources {
  /** `--set`; wrong ones are errors. */
  readonly given: ReadonlyMap<string, string>;
  /** What the project's files say; a wrong one is left out, and said so. */
  readonly detected: ReadonlyMap<string, string>;
  /** Take defaults that need a yes (`--yes`). */
  readonly takeDefaults: boolean;
}

interface CollectedAnswers {
  readonly answers: Answers;
  /** Questions without an answer yet, in the manifest's order. */
  readonly open: readonly Question[];
  /** What was given and cannot be taken. */
  readonly errors: readonly string[];
  /** What the project says and cannot be taken. */
  readonly dropped: readonly string[];
}

/** Answers from flags, project and defaults where possible. Treats project values as hostile. */
export function collectAnswers(
  questions: readonly Question[],
  { given, detected, takeDefaults }: AnswerSources,
): CollectedAnswers {
  const answers = new Map<string, string>();
  const open: Question[] = [];
  const errors: string[] = [];
  const dropped: string[] = [];
  for (const question of questions) {
    const { id, byDefault } = question;
    const own = given.get(id);
    const found = detected.get(id);
    if (own !== undefined) {
      const problem = problemOf(question, own);
      if (problem === undefined) answers.set(id, own);
      else errors.push(`${id} ${problem}`);
      continue;
    }
    if (found !== undefined && found !== '') {
      const problem = problemOf(question, found);
      if (problem === undefined) {
        answers.set(id, found);
        continue;
      }
      dropped.push(`what the project says of ${id} is not used: it ${problem}`);
    }
    if (byDefault !== undefined && (takeDefaults || !question.confirm)) answers.set(id, byDefault);
    else if (!question.optional) open.push(question);
  }
  return { answers, open, errors, dropped };
}

/** What is wrong with an answer to a question; undefined where it can be taken. */
export function problemOf(question: Question, value: string): string | undefined {
  if (value === '') return question.optional ? undefined : 'must not be empty';
  if (question.type === 'names' && value === 'none') return undefined;
  return answerProblem(value, question);
}
