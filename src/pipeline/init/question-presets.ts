import type { Question } from '../../model/template.ts';
import { problemOf } from '../../plans/init/collect-answers.ts';
import { gitUser } from '../../tools/git/git-user.ts';
import type { PipelineContext } from '../context.ts';

/**
 * The questions, with a default for those whose manifest says where one is found. What is found
 * there is a default that a person, or `--yes`, says yes to; one that cannot be an answer is none.
 * Questions of `answered` are not looked up.
 */
export async function withPresets(
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
