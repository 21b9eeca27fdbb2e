import { type AnswerType, answerProblem } from '../model/answer-types.ts';
import { err, ok, type Result } from '../model/result.ts';
import type {
  CiSystem,
  Condition,
  DetectionRule,
  FactReader,
  Preset,
  Question,
  Template,
  TemplateFile,
} from '../model/template.ts';
import { COMMON_TABLE, MANIFEST_TABLE } from './manifest-table.ts';
import type { ConfigProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { readNode, type Reading, reportAt } from './read-node.ts';

const LONGEST_MANIFEST = 64 * 1024;

/** What all stacks share: questions, files and notes, without a stack of its own. */
export type CommonManifest = Pick<Template, 'questions' | 'files' | 'notes'>;

/** A manifest as the file gives it: checked against its table. */
interface GivenManifest {
  readonly title: string;
  readonly facts?: FactReader;
  readonly detect: readonly (Omit<DetectionRule, 'answers'> & { readonly answers?: Condition })[];
  readonly questions?: Readonly<Record<string, GivenQuestion>>;
  readonly bases: Readonly<Record<string, string>>;
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
  const read = await readManifest(text, options, COMMON_TABLE);
  if (!read.ok) return read;
  const { given, reading } = read.value;
  const common = sharedOf(given, options.folder, undefined);
  checkManifest(given, common.questions, reading);
  return reading.problems.length > 0 ? err(reading.problems) : ok(common);
}

/** Reads a stack's manifest and adds what all stacks share; problems have line and column. */
export async function parseManifest(
  text: string,
  options: ManifestOptions,
  common: CommonManifest,
): Promise<Result<Template, readonly ConfigProblem[]>> {
  const read = await readManifest(text, options, MANIFEST_TABLE);
  if (!read.ok) return read;
  const { given, reading } = read.value;
  const template: Template = {
    ...sharedOf(given, options.folder, common),
    name: options.folder,
    title: given.title,
    ...(given.facts === undefined ? {} : { facts: given.facts }),
    detect: given.detect.map((rule) => ({ ...rule, answers: rule.answers ?? {} })),
    bases: given.bases,
  };
  checkManifest(given, template.questions, reading);
  return reading.problems.length > 0 ? err(reading.problems) : ok(template);
}

async function readManifest(
  text: string,
  { file }: ManifestOptions,
  fields: typeof MANIFEST_TABLE,
): Promise<
  Result<{ readonly given: GivenManifest; readonly reading: Reading }, readonly ConfigProblem[]>
> {
  const opened = await readDocument(text, { file, longest: LONGEST_MANIFEST, mostAliases: 0 });
  if (!opened.ok) return opened;
  const reading = opened.value;
  const root = reading.document.contents as Parameters<typeof readNode>[0];
  const value = readNode(root, { kind: 'object', fields }, '', reading);
  if (reading.problems.length > 0 || value === undefined) return err(reading.problems);
  return ok({ given: value as unknown as GivenManifest, reading });
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

/** What the table cannot say: defaults fit, and conditions name questions and possible answers. */
function checkManifest(
  given: GivenManifest,
  questions: readonly Question[],
  reading: Reading,
): void {
  for (const [id, { type, choices = [], default: byDefault }] of Object.entries(
    given.questions ?? {},
  )) {
    if ((type === 'choice') !== choices.length > 0)
      reportAt(['questions', id], `${id}: choices belong to the type choice`, reading);
    const problem =
      byDefault === undefined ? undefined : answerProblem(byDefault, { type, choices });
    if (problem !== undefined && !(type === 'names' && byDefault === 'none'))
      reportAt(['questions', id, 'default'], `the default of ${id} ${problem}`, reading);
  }
  const condition = (when: Condition | undefined, path: readonly (string | number)[]): void => {
    for (const [id, value] of Object.entries(when ?? {})) {
      const question = questions.find((one) => one.id === id);
      if (question === undefined)
        reportAt([...path, id], `unknown question ${JSON.stringify(id)}`, reading);
      else if (answerProblem(value, question) !== undefined)
        reportAt([...path, id], `${JSON.stringify(value)} is not a valid answer to ${id}`, reading);
    }
  };
  given.files.forEach(({ when }, i) => {
    condition(when, ['files', i, 'when']);
  });
  (given.notes ?? []).forEach(({ when }, i) => {
    condition(when, ['notes', i, 'when']);
  });
  // The shared manifest has no stack to detect.
  const { detect = [] } = given as Partial<GivenManifest>;
  detect.forEach(({ answers }, i) => {
    condition(answers, ['detect', i, 'answers']);
  });
}
