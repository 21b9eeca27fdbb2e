import { readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type ConfigProblem, formatProblem } from '../../config/document.ts';
import {
  type CommonManifest,
  type ManifestOptions,
  parseCommonManifest,
  parseManifest,
} from '../../config/parse-manifest.ts';
import { UserError } from '../../model/errors.ts';
import type { Result } from '../../model/result.ts';
import type { Template } from '../../model/template.ts';
import { placeholderProblems } from '../../plans/init/placeholders.ts';
import { readText } from '../read-text.ts';
import { shippedFolder } from '../shipped-folder.ts';

const COMMON = 'common';
const MANIFEST = 'manifest.yaml';

/** The templates with the texts of their files, by the path from their folder. */
export interface LoadedTemplates {
  readonly templates: readonly Template[];
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads every stack's template: its manifest and its files, each placeholder checked. Throws
 * UserError that names every problem with file, line and column.
 */
export async function loadTemplates(folder: string): Promise<LoadedTemplates> {
  const common = valueOf(
    await parseCommonManifest(await textOf(folder, COMMON, MANIFEST), optionsOf(folder, COMMON)),
  );
  const entries = await readdir(folder, { withFileTypes: true });
  const stacks = entries
    .filter((entry) => entry.isDirectory() && entry.name !== COMMON)
    .map(({ name }) => name)
    .toSorted();
  const templates = await Promise.all(stacks.map((name) => loadTemplate(folder, name, common)));
  const texts = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const template of templates)
    for (const { from } of template.files) {
      const text = texts.get(from) ?? (await textOf(folder, from));
      texts.set(from, text);
      for (const { line, message } of placeholderProblems(text, template))
        problems.push({ file: join(folder, from), line, column: 1, message });
    }
  if (problems.length > 0) throw problemsError(problems);
  return { templates, texts };
}

async function loadTemplate(
  folder: string,
  name: string,
  common: CommonManifest,
): Promise<Template> {
  const text = await textOf(folder, name, MANIFEST);
  const template = valueOf(await parseManifest(text, optionsOf(folder, name), common));
  const problems = Object.entries(template.bases).flatMap(([role, image]) =>
    placeholderProblems(image, template).map(({ message }) => ({
      file: join(folder, name, MANIFEST),
      line: text.split('\n').findIndex((line) => line.trimStart().startsWith(`${role}:`)) + 1,
      column: 1,
      message: `bases.${role}: ${message}`,
    })),
  );
  if (problems.length > 0) throw problemsError(problems);
  return template;
}

function optionsOf(folder: string, name: string): ManifestOptions {
  return { file: join(folder, name, MANIFEST), folder: name };
}

async function textOf(folder: string, ...parts: readonly string[]): Promise<string> {
  const path = join(folder, posix.join(...parts));
  const text = await readText(path, { largest: 2 ** 20 });
  if (text === undefined) throw new UserError(`${path}: no such file`);
  return text;
}

function valueOf<T>(read: Result<T, readonly ConfigProblem[]>): T {
  if (read.ok) return read.value;
  throw problemsError(read.error);
}

function problemsError(problems: readonly ConfigProblem[]): UserError {
  return new UserError(problems.map(formatProblem).join('\n  '));
}

/** The templates folder. Throws UserError if it is not found. */
export function templatesFolder(module?: string): string {
  return shippedFolder('templates', 'common/manifest.yaml', module);
}
