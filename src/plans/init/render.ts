import { type AnswerForm, type AnswerType, answerProblem } from '../../model/answer-types.ts';
import type { Question, Template } from '../../model/template.ts';
import { fillPlaceholders } from './placeholders.ts';

/** Where secrets are mounted at run time. */
const SECRETS_FOLDER = '/run/secrets';

/** Answers by question; one that is not there was not given. */
export type Answers = ReadonlyMap<string, string>;

/**
 * A template's file with the answers put in. Every answer is checked again by its question's type,
 * so that none can be more than the value it stands for. Throws Error where one was not checked
 * before.
 */
export function renderFile(
  text: string,
  template: Pick<Template, 'questions' | 'bases'>,
  answers: Answers,
  bases: ReadonlyMap<string, string>,
): string {
  return fillPlaceholders(text, template, (placeholder) => {
    if (placeholder.kind === 'base')
      return checked(bases.get(placeholder.role) ?? '', { type: 'image' }, placeholder.role);
    const { question, form } = placeholder;
    const value = answers.get(question.id) ?? '';
    if (value === '' && question.optional) return '';
    return written(isNone(question, value) ? [] : [value], question, form);
  });
}

/** Names may be none. */
function isNone({ type }: Question, value: string): boolean {
  return type === 'names' && value === 'none';
}

/** The image of a role, versions put in. */
export function baseImage(
  image: string,
  template: Pick<Template, 'questions' | 'bases'>,
  answers: Answers,
): string {
  return fillPlaceholders(image, template, (placeholder) => {
    if (placeholder.kind === 'base') return '';
    return written([answers.get(placeholder.question.id) ?? ''], placeholder.question, 'plain');
  });
}

function checked(
  value: string,
  question: { readonly type: AnswerType; readonly choices?: readonly string[] },
  name: string,
): string {
  const problem = answerProblem(value, question);
  if (problem !== undefined) throw new Error(`unchecked answer: ${name} ${problem}`);
  return value;
}

function written(values: readonly string[], question: Question, form: AnswerForm): string {
  const [value] = values.map((one) => checked(one, question, question.id));
  switch (form) {
    case 'plain':
      return value ?? '';
    case 'json': {
      const words = question.type === 'words' ? (value ?? '').split(' ') : [value ?? ''];
      return words.map((word) => JSON.stringify(word)).join(', ');
    }
    case 'env':
      return secretNames(value)
        .map((name) => `${variableOf(name)}_FILE=${SECRETS_FOLDER}/${name}`)
        .join(' ');
    case 'settings':
      return value === undefined
        ? '  use: none'
        : ['  use: by-file', '  files:', ...secretNames(value).map(secretItem)].join('\n');
  }
}

function secretNames(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(',');
}

function secretItem(name: string): string {
  return `    - ${SECRETS_FOLDER}/${name}`;
}

function variableOf(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}
