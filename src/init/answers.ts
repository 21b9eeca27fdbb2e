import { gitUser } from '../build/git.ts';
import { type CommandIo, stdinLines } from '../cli/io.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { answerProblem, type Project, type Question } from '../model/template.ts';
import { cleanForTerminal, cleanLines } from '../ui/text.ts';
import type { StackMatch } from './detect.ts';
import { projectFacts } from './facts.ts';
import type { InitFlags } from './init-flags.ts';
import { projectPort } from './port.ts';
import type { Answers } from './template.ts';

interface AnswerSources {
  readonly given: ReadonlyMap<string, string>;
  /** What the project's files say; a wrong one is left out, and said so. */
  readonly detected: ReadonlyMap<string, string>;
  readonly takeDefaults: boolean;
}

/**
 * Answers from flags, project and defaults where possible. Treats project values as hostile.
 * `assumed` are answered by a default, which neither a flag nor the project says.
 */
export function collectAnswers(
  questions: readonly Question[],
  { given, detected, takeDefaults }: AnswerSources,
) {
  const answers = new Map<string, string>();
  const open: Question[] = [];
  const errors: string[] = [];
  const dropped: string[] = [];
  const assumed: string[] = [];
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
    if (byDefault !== undefined && (takeDefaults || !question.confirm)) {
      answers.set(id, byDefault);
      assumed.push(id);
    } else if (!mayLack(question, takeDefaults)) open.push(question);
  }
  return { answers, open, errors, dropped, assumed };
}

/** `--yes` asks nothing: what only a person or git knows may then be missing. */
const mayLack = ({ optional, presetBy }: Question, takeDefaults: boolean): boolean =>
  optional || (takeDefaults && presetBy !== undefined);

/** What is wrong with an answer to a question; undefined where it can be taken. */
function problemOf(question: Question, value: string): string | undefined {
  if (value === '') return question.optional ? undefined : 'must not be empty';
  if (question.type === 'names' && value === 'none') return undefined;
  return answerProblem(value, question);
}

/** Questions with the defaults that their manifests look up; a person or `--yes` agrees. */
async function withPresets(
  { run }: Pick<PipelineContext, 'run'>,
  questions: readonly Question[],
  folder: string,
  answered: (id: string) => boolean,
): Promise<readonly Question[]> {
  return Promise.all(
    questions.map(async (question) => {
      if (question.presetBy === undefined || answered(question.id)) return question;
      const byDefault = await gitUser(run, folder);
      if (byDefault === undefined || problemOf(question, byDefault) !== undefined) return question;
      return { ...question, byDefault, confirm: true };
    }),
  );
}

const MOST_TRIES = 5;

interface Asked {
  readonly question: string;
  /** Answers to choose from; none where it is typed. */
  readonly options: readonly { readonly value: string; readonly detail?: string }[];
  readonly hint?: string;
  readonly byDefault?: string;
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

function askedOf(question: Question): Asked {
  const { ask, type, choices, byDefault } = question;
  return {
    question: ask,
    options: choices.map((value) => ({ value })),
    ...(type === 'names' ? { hint: 'a,b or none' } : {}),
    ...(byDefault === undefined ? {} : { byDefault }),
    problem: (text) => problemOf(question, text),
  };
}

interface Asking {
  readonly io: CommandIo;
  readonly context: PipelineContext;
  readonly folder: string;
  readonly prompt: Prompt | undefined;
}

export interface Answered {
  readonly answers: Answers;
  readonly assumed: readonly string[];
  /** The file of the project that names the port; undefined where none does, or a flag does. */
  readonly portFile: string | undefined;
}

/** Answers from flags, project, defaults, terminal. Throws UserError naming all missing or bad. */
export async function answersOf(
  flags: InitFlags,
  { template, answers: byFiles }: StackMatch,
  project: Project,
  { io, context, folder, prompt }: Asking,
): Promise<Answered> {
  const ids = template.questions.map(({ id }) => id);
  const strange = [...flags.given.keys()].filter((id) => !ids.includes(id));
  if (strange.length > 0)
    throw new UserError(
      `${template.name} does not ask ${strange.map((id) => JSON.stringify(id)).join(', ')}`,
      {
        nextStep: `it asks ${ids.join(', ')}`,
      },
    );
  const facts = projectFacts(template.facts, project);
  const port = projectPort(template.facts, project, facts);
  const detected = new Map([
    ...facts,
    ...(port === undefined ? [] : [['port', port.port] as const]),
    ...byFiles,
  ]);
  const questions = await withPresets(context, template.questions, folder, (id) =>
    flags.given.has(id),
  );
  const sources = { given: flags.given, detected, takeDefaults: flags.yes };
  const { answers, open, errors, dropped, assumed } = collectAnswers(questions, sources);
  if (errors.length > 0)
    throw new UserError(errors.join('\n  '), { nextStep: 'scoville init --list' });
  const said = questions.flatMap(({ id, ask, presetBy }) => {
    if (presetBy === undefined) return [];
    if (assumed.includes(id))
      return [`${id}: ${answers.get(id) ?? ''}, as git knows you; --set ${id}=... for another`];
    return flags.yes && !answers.has(id)
      ? [`${id} left out (${ask}); --set ${id}=... puts it in`]
      : [];
  });
  for (const text of [...dropped, ...said]) io.writeErr(cleanLines(`scoville: ${text}\n`));
  const all = new Map(answers);
  if (prompt !== undefined)
    for (const question of open) all.set(question.id, await prompt(askedOf(question)));
  else if (open.length > 0)
    throw new UserError(`not known: ${open.map(({ id, ask }) => `${id} (${ask})`).join(', ')}`, {
      nextStep: `${open.map(({ id }) => `--set ${id}=...`).join(' ')}${open.some(({ byDefault }) => byDefault !== undefined) ? ', or --yes for what has a default' : ''}`,
    });
  const portFile = all.get('port') === port?.port ? port?.file : undefined;
  return { answers: all, assumed, portFile };
}
