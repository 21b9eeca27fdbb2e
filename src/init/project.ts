import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contextFile } from '../build/context-source.ts';
import { pinBases, type PinnedBase, Registries } from '../build/registries.ts';
import { DEFAULT_SETTINGS } from '../config/schema.ts';
import { analyseDockerfile } from '../dockerfile/analyse-dockerfile.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import { answerProblem, type CiSystem, type Project, type Template } from '../model/template.ts';
import type { LoadedTemplates } from './manifest.ts';
import {
  type Answers,
  baseImage,
  copiedNames,
  filesFor,
  missingNote,
  notesFor,
  type PlannedFile,
  renderFile,
} from './template.ts';

const DEEPEST = 3;
const MOST_FILES = 5000;
/** In characters. Useful files are far smaller, and larger ones cost time. */
const LONGEST_TEXT = 256 * 1024;
const MOST_TEXT = 16 * LONGEST_TEXT;
const NOT_OURS = new Set('node_modules vendor target build dist bin obj venv'.split(' '));

/** All that is read of folders that tools write into. */
const BUILT_PAGES = ['dist/index.html', 'build/index.html'];

/** A project's names, three levels deep, and texts of those to read. Throws UserError. */
export async function readProject(
  folder: string,
  isRead: (path: string) => boolean,
): Promise<Project> {
  const files: string[] = [];
  const visit = async (below: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    const folders: string[] = [];
    for (const entry of entries.toSorted((a, b) => byCodeUnit(a.name, b.name))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isFile() && files.length < MOST_FILES) files.push(path);
      else if (entry.isDirectory() && !entry.name.startsWith('.') && !NOT_OURS.has(entry.name))
        folders.push(path);
    }
    if (depth < DEEPEST)
      for (const path of folders) if (files.length < MOST_FILES) await visit(path, depth + 1);
  };
  try {
    await visit('', 1);
  } catch (cause) {
    throw new UserError(`${folder} cannot be read: ${messageOf(cause)}`, { cause });
  }
  files.push(...BUILT_PAGES.filter((path) => contextFile(folder, path) !== undefined));
  let room = MOST_TEXT;
  const texts = files.filter(isRead).flatMap((path): [string, string][] => {
    const text = room > 0 ? contextFile(folder, path) : undefined;
    if (text === undefined || text.length > LONGEST_TEXT) return [];
    room -= text.length;
    return [[path, text]];
  });
  return { folder: basename(folder), files, texts: new Map(texts) };
}

export interface InitPlan {
  readonly template: Template;
  readonly answers: Answers;
  readonly files: readonly PlannedFile[];
  readonly bases: readonly PinnedBase[];
  readonly notes: readonly string[];
  readonly missing: readonly string[];
  readonly existing: readonly string[];
}

interface InitRequest {
  readonly folder: string;
  readonly template: Template;
  readonly answers: Answers;
  readonly ci: CiSystem | undefined;
  readonly bases: ReadonlyMap<string, string>;
  readonly offline: boolean;
}

export async function planInit(
  context: PipelineContext,
  { texts }: LoadedTemplates,
  request: InitRequest,
): Promise<InitPlan> {
  const { template, answers, offline } = request;
  const wanted = new Map(
    Object.entries(template.bases).map(([role, image]) => [
      role,
      request.bases.get(role) ?? baseImage(image, template, answers),
    ]),
  );
  const files = filesFor(template, answers, request.ci);
  const used = new Map(
    [...wanted].filter(([role]) =>
      files.some(({ from }) => texts.get(from)?.includes(`@{base.${role}}`)),
    ),
  );
  const registries = offline ? undefined : new Registries(context, DEFAULT_SETTINGS.registries);
  const bases = await pinBases(registries, used, context.signal);
  const images = new Map(bases.map(({ role, image }) => [role, image]));
  const planned = files.map(({ from, to }) => ({
    path: to,
    text: renderFile(texts.get(from) ?? '', template, answers, images),
  }));
  const existing: string[] = [];
  for (const { path } of planned)
    if ((await lstat(join(request.folder, path)).catch(() => undefined)) !== undefined)
      existing.push(path);
  const missing = await missingFiles(request.folder, planned);
  const notes = [
    ...notesFor(template, answers),
    ...(request.ci === undefined || (answers.has('package') && answers.has('sha256'))
      ? []
      : [CI_INSTALLS]),
    ...missing.map(missingNote),
  ];
  return { template, answers, files: planned, bases, notes, missing, existing };
}

const CI_INSTALLS =
  'CI installs scoville from the .tgz of a release: write its address and SHA-256 where the workflow asks for them, or give --set package=URL --set sha256=SUM';

async function missingFiles(
  folder: string,
  planned: readonly PlannedFile[],
): Promise<readonly string[]> {
  const text = planned.find(({ path }) => path === 'Dockerfile')?.text ?? '';
  const read = analyseDockerfile(text);
  if (!read.ok) return [];
  const { stages } = read.value.model;
  const names = copiedNames(stages.flatMap(({ instructions }) => instructions));
  const missing: string[] = [];
  for (const name of names) {
    if (planned.some(({ path }) => path === name)) continue;
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found === undefined) missing.push(name);
  }
  return missing;
}

export function baseProblems(
  template: Template,
  bases: ReadonlyMap<string, string>,
): readonly string[] {
  return [...bases].flatMap(([role, image]) => {
    if (!Object.hasOwn(template.bases, role))
      return [
        `${template.name} has no base ${JSON.stringify(role)}; known are ${Object.keys(template.bases).join(', ')}`,
      ];
    const problem = answerProblem(image, { type: 'image' });
    return problem === undefined ? [] : [`base.${role} ${problem}`];
  });
}
