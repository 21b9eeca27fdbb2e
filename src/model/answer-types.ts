import { parseReference } from './reference.ts';

/** What a template may ask for. Each kind limits the text, so that an answer can do no harm. */
export const ANSWER_TYPES = [
  'name',
  'port',
  'path',
  'route',
  'version',
  'words',
  'text',
  'names',
  'choice',
  'level',
  'image',
] as const;
export type AnswerType = (typeof ANSWER_TYPES)[number];

/**
 * How an answer is written into a file. `plain`: as it is; `json`: as JSON, for YAML and exec
 * forms; the others are whole lines.
 */
export const ANSWER_FORMS = ['plain', 'json', 'env', 'settings'] as const;
export type AnswerForm = (typeof ANSWER_FORMS)[number];

interface Kind {
  readonly pattern: RegExp;
  readonly expects: string;
  /** In characters. */
  readonly longest: number;
  /** The first is the default; text that could steer a shell or a Dockerfile has no `plain`. */
  readonly forms: readonly [AnswerForm, ...AnswerForm[]];
}

const KINDS: Readonly<Record<AnswerType, Kind>> = {
  name: {
    pattern: /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
    expects: 'a name of lower-case letters and digits, with single . _ - between them',
    longest: 100,
    forms: ['plain', 'json'],
  },
  port: {
    pattern:
      /^(?:102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
    expects: 'a port from 1024 to 65535, which a user without privileges may open',
    longest: 5,
    forms: ['plain'],
  },
  path: {
    pattern: /^(?!.*(?:^|\/)\.\.(?:\/|$))(?!.*\/\/)[A-Za-z0-9._@+][A-Za-z0-9._@+/-]*$/,
    expects: 'a path inside of the project: letters, digits and . _ @ + / -',
    longest: 200,
    forms: ['plain', 'json'],
  },
  route: {
    pattern: /^\/(?:[A-Za-z0-9._~-]+(?:\/|$))*$/,
    expects: 'a path of an address that begins with /: letters, digits and . _ ~ / -',
    longest: 200,
    forms: ['plain'],
  },
  version: {
    pattern: /^\d{1,4}(?:\.\d{1,4}){0,2}$/,
    expects: 'a version: numbers with dots',
    longest: 14,
    forms: ['plain'],
  },
  words: {
    pattern: /^[A-Za-z0-9._/:=@,+-]{1,128}(?: [A-Za-z0-9._/:=@,+-]{1,128}){0,31}$/,
    expects: 'words with one space between them: letters, digits and . _ / : = @ , + -',
    longest: 2048,
    forms: ['json'],
  },
  text: {
    pattern: /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u,
    expects: 'one line of text',
    longest: 256,
    forms: ['json'],
  },
  names: {
    pattern:
      /^[a-z][a-z0-9]{0,31}(?:-[a-z0-9]{1,32}){0,8}(?:,[a-z][a-z0-9]{0,31}(?:-[a-z0-9]{1,32}){0,8}){0,31}$/,
    expects: 'names with commas between them: lower-case letters, digits and -; or none',
    longest: 2048,
    forms: ['env', 'settings'],
  },
  choice: { pattern: /^[a-z0-9][a-z0-9.-]*$/, expects: '', longest: 64, forms: ['plain'] },
  level: {
    pattern: /^[0-5]$/,
    expects: 'a level from 0 to 5',
    longest: 1,
    forms: ['plain'],
  },
  image: {
    pattern: /^[A-Za-z0-9._/:@[\]-]+$/,
    expects: 'an image reference',
    longest: 512,
    forms: ['plain'],
  },
};

/** The forms for an answer of this kind; the first is for a placeholder that names no form. */
export function formsOf(type: AnswerType): readonly [AnswerForm, ...AnswerForm[]] {
  return KINDS[type].forms;
}

/** What is wrong with an answer, to follow its name, or undefined. Callers judge empty answers. */
export function answerProblem(
  value: string,
  { type, choices = [] }: { readonly type: AnswerType; readonly choices?: readonly string[] },
): string | undefined {
  if (type === 'choice')
    return choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`;
  const { pattern, expects, longest } = KINDS[type];
  if (value.length > longest) return `must be at most ${longest} characters long`;
  if (!pattern.test(value) || (type === 'text' && value.trim() !== value))
    return `must be ${expects}`;
  if (type === 'image') {
    const read = parseReference(value);
    return read.ok ? undefined : `must be an image reference: ${read.error}`;
  }
  return undefined;
}
