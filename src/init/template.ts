import { lookup } from '../lib/json.ts';
import type { Instruction } from '../model/dockerfile.ts';
import {
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

const SECRETS_FOLDER = '/run/secrets';

export type Answers = ReadonlyMap<string, string>;

type Filled = Pick<Template, 'questions'>;

/** A template's file with checked answers. A line with an empty one goes; a wrong one throws. */
export function renderFile(
  text: string,
  template: Filled,
  answers: Answers,
  bases: ReadonlyMap<string, string>,
): string {
  const lines = text.split('\n').flatMap((line) => {
    const values: string[] = [];
    const filled = line.replaceAll(PLACEHOLDER, (_, placeholder: string) => {
      const value = valueOf(placeholder, template, answers, bases);
      values.push(value);
      return value;
    });
    return values.includes('') ? [] : [filled];
  });
  return lines.join('\n');
}

export function baseImage(image: string, template: Filled, answers: Answers): string {
  return renderFile(image, template, answers, new Map());
}

function valueOf(
  placeholder: string,
  { questions }: Filled,
  answers: Answers,
  bases: ReadonlyMap<string, string>,
): string {
  const [id = '', named] = placeholder.split(':', 2);
  const base = bases.get(id.replace(/^base\./, ''));
  if (id.startsWith('base.') && base !== undefined) return checked(base, { type: 'image' }, id);
  const question = questions.find((one) => one.id === id);
  const forms = question === undefined ? [] : formsOf(question.type);
  const form = named === undefined ? forms[0] : forms.find((one) => one === named);
  if (question === undefined || form === undefined)
    throw new Error(`unchecked template: @{${placeholder}}`);
  const value = answers.get(id) ?? '';
  const mayLack = question.optional || question.presetBy !== undefined;
  return value === '' && mayLack ? '' : written(value, question, form);
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

function written(value: string, question: Question, form: AnswerForm): string {
  // Names may be none.
  const isNone = question.type === 'names' && value === 'none';
  if (!isNone) checked(value, question, question.id);
  const names = isNone ? [] : value.split(',');
  switch (form) {
    case 'plain':
      return isNone ? '' : value;
    case 'json':
      return (question.type === 'words' ? value.split(' ') : [isNone ? '' : value])
        .map((word) => JSON.stringify(word))
        .join(', ');
    case 'env':
      return names
        .map((name) => `${name.replaceAll('-', '_').toUpperCase()}_FILE=${SECRETS_FOLDER}/${name}`)
        .join(' ');
    case 'settings':
      return isNone
        ? '  use: none'
        : [
            '  use: by-file',
            '  files:',
            ...names.map((one) => `    - ${SECRETS_FOLDER}/${one}`),
          ].join('\n');
  }
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

export function missingNote(name: string): string {
  const command = makingCommand(name);
  return `the Dockerfile copies ${name}, which does not exist yet; without it the build fails${command === undefined ? '' : ` (${command})`}`;
}
