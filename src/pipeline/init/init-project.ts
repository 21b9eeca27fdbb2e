import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '../../config/schema.ts';
import { analyseDockerfile } from '../../dockerfile/analyse-dockerfile.ts';
import { answerProblem } from '../../model/answer-types.ts';
import type { CiSystem, Template } from '../../model/template.ts';
import { copiedNames, missingNote } from '../../plans/init/missing-files.ts';
import { filesFor, notesFor, type PlannedFile } from '../../plans/init/plan-files.ts';
import { type Answers, baseImage, renderFile } from '../../plans/init/render.ts';
import type { PipelineContext } from '../context.ts';
import { pinBases, type PinnedBase } from '../image-build/pin-bases.ts';
import { Registries } from '../registries.ts';
import type { LoadedTemplates } from './load-templates.ts';

/** What `scoville init` is about to write. */
interface InitPlan {
  readonly template: Template;
  readonly answers: Answers;
  readonly files: readonly PlannedFile[];
  readonly bases: readonly PinnedBase[];
  readonly notes: readonly string[];
  /** What the Dockerfile copies of the project, and is not there. */
  readonly missing: readonly string[];
  /** Paths of planned files that are there already. */
  readonly existing: readonly string[];
}

interface InitRequest {
  readonly folder: string;
  readonly template: Template;
  readonly answers: Answers;
  readonly ci: CiSystem | undefined;
  /** Images in place of the manifest's, by role. */
  readonly bases: ReadonlyMap<string, string>;
  readonly offline: boolean;
}

/** Fills a stack's files with the answers, and pins bases that a registry knows. Writes nothing. */
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
  const notes = [...notesFor(template, answers), ...missing.map(missingNote)];
  return { template, answers, files: planned, bases, notes, missing, existing };
}

/** What the planned Dockerfile copies of the project, and is neither there nor about to be. */
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

/** What is wrong with the images that were given by role; empty where nothing is. */
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
