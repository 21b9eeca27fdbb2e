import { ANSWER_FORMS, type AnswerForm, formsOf } from '../../model/answer-types.ts';
import type { Question, Template } from '../../model/template.ts';

/** `@{question}`, `@{question:form}`, `@{base.role}`: no Dockerfile, shell, YAML or CI syntax. */
const PLACEHOLDER = /@\{([^{}\n]*)\}/g;

/** A place in a template's file that an answer fills. */
type Placeholder =
  | { readonly kind: 'answer'; readonly question: Question; readonly form: AnswerForm }
  | { readonly kind: 'base'; readonly role: string };

/** What is wrong with a template's file. Lines start at 1. */
interface PlaceholderProblem {
  readonly line: number;
  readonly message: string;
}

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

/** Placeholders of a file that name nothing, or ask for a form that the answer may not have. */
export function placeholderProblems(
  text: string,
  template: Pick<Template, 'questions' | 'bases'>,
): readonly PlaceholderProblem[] {
  return text.split('\n').flatMap((line, i) =>
    [...line.matchAll(PLACEHOLDER)].flatMap(([, inner = '']) => {
      const found = placeholderOf(inner, template);
      return typeof found === 'string' ? [{ line: i + 1, message: found }] : [];
    }),
  );
}

/** The text with each placeholder replaced; a line with one whose value is empty goes. */
export function fillPlaceholders(
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
