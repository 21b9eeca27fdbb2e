import MANIFEST from '../../schema/scoville-manifest-1.json' with { type: 'json' };
import { type CheckedDocument, type ConfigProblem, readDocument } from '../config/document.ts';
import type { Schema } from '../config/schema.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import {
  answerProblem,
  type AnswerType,
  type CiSystem,
  type Condition,
  type DetectionRule,
  type FactReader,
  type Preset,
  type Question,
  type Template,
  type TemplateFile,
} from '../model/template.ts';

const LONGEST_MANIFEST = 64 * 1024;

/** What all stacks share: questions, files and notes, without a stack of its own. */
export type CommonManifest = Pick<Template, 'questions' | 'files' | 'notes'>;

/** A manifest as the file gives it. What all stacks share has no title, stack and bases. */
interface GivenManifest {
  readonly title?: string;
  readonly facts?: FactReader;
  readonly detect?: readonly (Omit<DetectionRule, 'answers'> & { readonly answers?: Condition })[];
  readonly questions?: Readonly<Record<string, GivenQuestion>>;
  readonly bases?: Readonly<Record<string, string>>;
  readonly files: readonly {
    readonly from: string;
    readonly to: string;
    readonly when?: Condition;
    readonly ci?: CiSystem;
  }[];
  readonly notes?: readonly { readonly text: string; readonly when?: Condition }[];
}

interface GivenQuestion {
  readonly ask: string;
  readonly type: AnswerType;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly preset?: Preset;
  readonly optional?: boolean;
  readonly confirm?: boolean;
}

export interface ManifestOptions {
  /** For messages. */
  readonly file: string;
  /** Name of its folder below the folder of templates. */
  readonly folder: string;
}

/** Reads the manifest of what all stacks share. Problems come with line and column. */
export async function parseCommonManifest(
  text: string,
  options: ManifestOptions,
): Promise<Result<CommonManifest, readonly ConfigProblem[]>> {
  const read = await readManifest(text, options);
  if (!read.ok) return read;
  const given = read.value.value as GivenManifest;
  const common = sharedOf(given, options.folder, undefined);
  const problems = problemsOf(given, common.questions, read.value);
  return problems.length > 0 ? err(problems) : ok(common);
}

/** Reads a stack's manifest and adds what all stacks share; problems have line and column. */
export async function parseManifest(
  text: string,
  options: ManifestOptions,
  common: CommonManifest,
): Promise<Result<Template, readonly ConfigProblem[]>> {
  const read = await readManifest(text, options);
  if (!read.ok) return read;
  const { value, problemAt } = read.value;
  const given = value as GivenManifest;
  const { title, facts, detect, bases } = given;
  if (title === undefined || detect === undefined || bases === undefined)
    return err([problemAt([], 'the file lacks title, detect or bases')]);
  const template: Template = {
    ...sharedOf(given, options.folder, common),
    name: options.folder,
    title,
    ...(facts === undefined ? {} : { facts }),
    detect: detect.map((rule) => ({ ...rule, answers: rule.answers ?? {} })),
    bases,
  };
  const problems = problemsOf(given, template.questions, read.value);
  return problems.length > 0 ? err(problems) : ok(template);
}

function readManifest(text: string, { file }: ManifestOptions): ReturnType<typeof readDocument> {
  return readDocument(text, file, {
    schema: MANIFEST as unknown as Schema,
    check: () => import('schema-check:scoville-manifest-1'),
    longest: LONGEST_MANIFEST,
    mostAliases: 0,
  });
}

function sharedOf(
  given: GivenManifest,
  folder: string,
  common: CommonManifest | undefined,
): CommonManifest {
  const own = Object.entries(given.questions ?? {}).map(([id, question]): Question => {
    const { ask, type, choices = [], optional = false, confirm = false } = question;
    const byDefault = question.default === undefined ? {} : { byDefault: question.default };
    const presetBy = question.preset === undefined ? {} : { presetBy: question.preset };
    return { id, ask, type, choices, optional, confirm, ...byDefault, ...presetBy };
  });
  const files = given.files.map(({ when = {}, from, ...file }): TemplateFile => ({
    ...file,
    from: `${folder}/${from}`,
    when,
  }));
  const notes = (given.notes ?? []).map(({ text, when = {} }) => ({ text, when }));
  if (common === undefined) return { questions: own, files, notes };
  const asked = new Set(own.map(({ id }) => id));
  const written = new Set(files.map(({ to }) => to));
  return {
    questions: [...own, ...common.questions.filter(({ id }) => !asked.has(id))],
    files: [...files, ...common.files.filter(({ to }) => !written.has(to))],
    notes: [...notes, ...common.notes],
  };
}

/** What the schema cannot say: defaults fit, and conditions name questions and possible answers. */
function problemsOf(
  { questions: own = {}, files, notes = [], detect = [] }: GivenManifest,
  questions: readonly Question[],
  { problemAt }: CheckedDocument,
): readonly ConfigProblem[] {
  const condition = (
    when: Condition | undefined,
    ...path: readonly (string | number)[]
  ): ConfigProblem[] =>
    Object.entries(when ?? {}).flatMap(([id, value]) => {
      const question = questions.find((one) => one.id === id);
      if (question === undefined)
        return [problemAt([...path, id], `unknown question ${JSON.stringify(id)}`)];
      return answerProblem(value, question) === undefined
        ? []
        : [problemAt([...path, id], `${JSON.stringify(value)} is not a valid answer to ${id}`)];
    });
  return [
    ...Object.entries(own).flatMap(([id, { type, choices = [], default: byDefault }]) => {
      if ((type === 'choice') !== choices.length > 0)
        return [problemAt(['questions', id], `${id}: choices belong to the type choice`)];
      if (byDefault === undefined || (type === 'names' && byDefault === 'none')) return [];
      const problem = answerProblem(byDefault, { type, choices });
      if (problem === undefined) return [];
      return [problemAt(['questions', id, 'default'], `the default of ${id} ${problem}`)];
    }),
    ...files.flatMap(({ when }, i) => condition(when, 'files', i, 'when')),
    ...notes.flatMap(({ when }, i) => condition(when, 'notes', i, 'when')),
    ...detect.flatMap(({ answers }, i) => condition(answers, 'detect', i, 'answers')),
  ];
}
