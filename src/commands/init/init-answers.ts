import { UserError } from '../../model/errors.ts';
import type { Project } from '../../model/template.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { withPresets } from '../../pipeline/init/question-presets.ts';
import { collectAnswers } from '../../plans/init/collect-answers.ts';
import type { StackMatch } from '../../plans/init/detect-stack.ts';
import { projectFacts } from '../../plans/init/project-facts.ts';
import type { Answers } from '../../plans/init/render.ts';
import { cleanLines } from '../../ui/clean.ts';
import type { CommandIo } from '../io.ts';
import type { InitFlags } from './init-flags.ts';
import { askedOf, type Prompt } from './init-prompt.ts';

/** What answering may touch. */
interface Asking {
  readonly io: CommandIo;
  readonly context: PipelineContext;
  /** The project's. */
  readonly folder: string;
  /** Undefined where nobody is asked. */
  readonly prompt: Prompt | undefined;
}

/** Answers from flags, project, defaults, terminal. Throws UserError naming all missing or bad. */
export async function answersOf(
  flags: InitFlags,
  { template, answers: byFiles }: StackMatch,
  project: Project,
  { io, context, folder, prompt }: Asking,
): Promise<Answers> {
  const ids = template.questions.map(({ id }) => id);
  const strange = [...flags.given.keys()].filter((id) => !ids.includes(id));
  if (strange.length > 0)
    throw new UserError(
      `${template.name} does not ask ${strange.map((id) => JSON.stringify(id)).join(', ')}`,
      {
        nextStep: `it asks ${ids.join(', ')}`,
      },
    );
  const detected = new Map([...projectFacts(template.facts, project), ...byFiles]);
  const questions = await withPresets(context, template.questions, folder, (id) =>
    flags.given.has(id),
  );
  const sources = { given: flags.given, detected, takeDefaults: flags.yes };
  const { answers, open, errors, dropped } = collectAnswers(questions, sources);
  if (errors.length > 0)
    throw new UserError(errors.join('\n  '), { nextStep: 'scoville init --list' });
  for (const text of dropped) io.writeErr(cleanLines(`scoville: ${text}\n`));
  for (const { id, presetBy, byDefault } of questions)
    if (presetBy !== undefined && byDefault !== undefined && answers.get(id) === byDefault)
      if (!flags.given.has(id) && detected.get(id) !== byDefault)
        io.writeErr(
          cleanLines(
            `scoville: ${id}: ${byDefault}, as git knows you; --set ${id}=... for another\n`,
          ),
        );
  for (const { id, ask, presetBy } of questions)
    if (flags.yes && presetBy !== undefined && !answers.has(id))
      io.writeErr(cleanLines(`scoville: ${id} left out (${ask}); --set ${id}=... puts it in\n`));
  const all = new Map(answers);
  if (prompt !== undefined)
    for (const question of open) all.set(question.id, await prompt(askedOf(question)));
  else if (open.length > 0)
    throw new UserError(`not known: ${open.map(({ id, ask }) => `${id} (${ask})`).join(', ')}`, {
      nextStep: `${open.map(({ id }) => `--set ${id}=...`).join(' ')}${open.some(({ byDefault }) => byDefault !== undefined) ? ', or --yes for what has a default' : ''}`,
    });
  return all;
}
