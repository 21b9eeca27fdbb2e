import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../config/read-files.ts';
import { UserError } from '../lib/errors.ts';
import { shippedFolder } from '../lib/shipped-folder.ts';
import type {
  Condition,
  DetectionRule,
  Question,
  Template,
  TemplateFile,
} from '../model/template.ts';

const COMMON = 'common';
const MANIFEST = 'manifest.yaml';

type Shared = Pick<Template, 'questions' | 'files' | 'notes'>;

type GivenQuestion = Pick<Question, 'ask' | 'type'> &
  Partial<Pick<Question, 'choices' | 'optional' | 'confirm'>> & {
    readonly default?: string;
    readonly preset?: NonNullable<Question['presetBy']>;
  };

/** A manifest as schema/scoville-manifest-1.json has it. Ours are shipped; a test checks them. */
interface Given extends Pick<Template, 'title' | 'facts' | 'bases'> {
  readonly detect: readonly (Omit<DetectionRule, 'answers'> & { readonly answers?: Condition })[];
  readonly questions?: Readonly<Record<string, GivenQuestion>>;
  readonly files: readonly (Omit<TemplateFile, 'when'> & { readonly when?: Condition })[];
  readonly notes?: readonly { readonly text: string; readonly when?: Condition }[];
}

export interface LoadedTemplates {
  readonly templates: readonly Template[];
  readonly texts: ReadonlyMap<string, string>;
}

export function templatesFolder(module?: string): string {
  return shippedFolder('templates', `${COMMON}/${MANIFEST}`, module);
}

export async function loadTemplates(folder: string): Promise<LoadedTemplates> {
  const yaml = await import('yaml');
  const textOf = async (path: string): Promise<string> => {
    const text = await readText(join(folder, path), { largest: 2 ** 20 });
    if (text === undefined) throw new UserError(`${join(folder, path)}: no such file`);
    return text;
  };
  const given = async (name: string): Promise<Given> =>
    yaml.parse(await textOf(`${name}/${MANIFEST}`)) as Given;
  const common = sharedOf(await given(COMMON), COMMON);
  const entries = await readdir(folder, { withFileTypes: true });
  const stacks = entries.filter((entry) => entry.isDirectory() && entry.name !== COMMON);
  const names = stacks.map(({ name }) => name).toSorted();
  const templates = await Promise.all(
    names.map(async (name): Promise<Template> => {
      const { title, facts, bases, detect, ...own } = await given(name);
      return {
        ...sharedOf(own, name, common),
        name,
        title,
        ...(facts === undefined ? {} : { facts }),
        detect: detect.map((rule) => ({ ...rule, answers: rule.answers ?? {} })),
        bases,
      };
    }),
  );
  const files = new Set(templates.flatMap((template) => template.files.map(({ from }) => from)));
  const texts = [...files].map(async (path): Promise<[string, string]> => [
    path,
    await textOf(path),
  ]);
  return { templates, texts: new Map(await Promise.all(texts)) };
}

function sharedOf(
  given: Pick<Given, 'questions' | 'files' | 'notes'>,
  folder: string,
  common: Shared = { questions: [], files: [], notes: [] },
): Shared {
  const questions = Object.entries(given.questions ?? {}).map(([id, question]): Question => {
    const { ask, type, choices = [], optional = false, confirm = false } = question;
    const byDefault = question.default === undefined ? {} : { byDefault: question.default };
    const presetBy = question.preset === undefined ? {} : { presetBy: question.preset };
    return { id, ask, type, choices, optional, confirm, ...byDefault, ...presetBy };
  });
  const files = given.files.map(({ when = {}, from, ...file }) => ({
    ...file,
    from: `${folder}/${from}`,
    when,
  }));
  const notes = (given.notes ?? []).map(({ text, when = {} }) => ({ text, when }));
  const asked = new Set(questions.map(({ id }) => id));
  const written = new Set(files.map(({ to }) => to));
  return {
    questions: [...questions, ...common.questions.filter(({ id }) => !asked.has(id))],
    files: [...files, ...common.files.filter(({ to }) => !written.has(to))],
    notes: [...notes, ...common.notes],
  };
}
