import { lookup } from '../lib/json.ts';
import type { Instruction } from '../model/dockerfile.ts';
import {
  ANSWER_FORMS,
  type AnswerForm,
  answerProblem,
  type AnswerType,
  applies,
  type CiSystem,
  formsOf,
  type Question,
  type Template,
  type TemplateFile,
} from '../model/template.ts';

/** `@{question}`, `@{question:form}`, `@{base.role}`: no Dockerfile, shell, YAML or CI syntax. */
const PLACEHOLDER = /@\{([^{}\n]*)\}/g;

/** A place in a template's file that an answer fills. */
type Placeholder =
  | { readonly kind: 'answer'; readonly question: Question; readonly form: AnswerForm }
  | { readonly kind: 'base'; readonly role: string };

/** The placeholder that the text between the braces spells, or what is wrong with it. */
function placeholderOf(
  text: string,
  template: Pick<Template, 'questions' | 'bases'>,
): Placeholder | string {
  if (text.startsWith('base.')) {
    const role = text.slice('base.'.length);
    return Object.hasOwn(template.bases, role)
      ? { kind: 'base', role }
      : `unknown base ${JSON.stringify(role)}`;
  }
  const [id = '', named] = text.split(':', 2);
  const question = template.questions.find((one) => one.id === id);
  if (question === undefined) return `unknown question ${JSON.stringify(id)}`;
  const allowed = formsOf(question.type);
  const form = named === undefined ? allowed[0] : ANSWER_FORMS.find((one) => one === named);
  if (form === undefined || !allowed.includes(form))
    return `an answer of type ${question.type} is written as ${allowed.join(' or ')}, not as ${named ?? ''}`;
  return { kind: 'answer', question, form };
}

/** The text with each placeholder replaced; a line with one whose value is empty goes. */
function fillPlaceholders(
  text: string,
  template: Pick<Template, 'questions' | 'bases'>,
  valueOf: (placeholder: Placeholder) => string,
): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const values: string[] = [];
      const filled = line.replaceAll(PLACEHOLDER, (_, inner: string) => {
        const placeholder = placeholderOf(inner, template);
        if (typeof placeholder === 'string') throw new Error(`unchecked template: ${placeholder}`);
        const value = valueOf(placeholder);
        values.push(value);
        return value;
      });
      return values.includes('') ? [] : [filled];
    })
    .join('\n');
}

const SECRETS_FOLDER = '/run/secrets';

/** Answers by question; a missing one was not given. */
export type Answers = ReadonlyMap<string, string>;

/**
 * A template's file with the answers put in. Every answer is checked again by its question's type,
 * so that none can be more than the value it replaces. Throws Error where one was not checked
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

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

export function filesFor(
  template: Template,
  answers: Answers,
  ci: CiSystem | undefined,
): readonly TemplateFile[] {
  const wanted = template.files.filter(
    (file) => applies(file.when, answers) && (file.ci === undefined || file.ci === ci),
  );
  return wanted.filter((file, i) => wanted.findIndex(({ to }) => to === file.to) === i);
}

export function notesFor(template: Template, answers: Answers): readonly string[] {
  return template.notes.filter(({ when }) => applies(when, answers)).map(({ text }) => text);
}

/** What makes a file that a template's Dockerfile copies, by its name. */
const MADE_BY = lookup<string>({
  'package-lock.json': 'npm install --package-lock-only',
  'pnpm-lock.yaml': 'pnpm install --lockfile-only',
  'yarn.lock': 'yarn install',
  'requirements.txt': 'pip-compile --generate-hashes, or pipenv requirements --hash',
  'poetry.lock': 'poetry lock',
  'uv.lock': 'uv lock',
  'Gemfile.lock': 'bundle lock',
  'composer.lock': 'composer update --no-install',
  'Cargo.lock': 'cargo generate-lockfile',
  'go.sum': 'go mod tidy',
});

/** The names that a COPY takes from the context, where they are spelled out. */
export function copiedNames(instructions: readonly Instruction[]): readonly string[] {
  const names = instructions.flatMap(({ keyword, flags, heredocs, arguments: words }) =>
    (keyword === 'COPY' || keyword === 'ADD') &&
    heredocs.length === 0 &&
    !flags.some(({ name }) => name === 'from')
      ? words.slice(0, -1)
      : [],
  );
  return [...new Set(names)].filter((name) => !/[$*?[]|^https?:|^\.{0,2}\/?$/.test(name));
}

export function makingCommand(name: string): string | undefined {
  return MADE_BY[name.replace(/^.*\//, '')];
}

/** Names a file that the Dockerfile copies and the project lacks. */
export function missingNote(name: string): string {
  const command = makingCommand(name);
  return `the Dockerfile copies ${name}, which does not exist yet; without it the build fails${command === undefined ? '' : ` (${command})`}`;
}
