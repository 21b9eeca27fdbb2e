import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canAsk, pipelineContext } from '../cli/conversation.ts';
import { command } from '../cli/flags.ts';
import { type CommandIo, writeProse } from '../cli/io.ts';
import { writeFilesTogether } from '../config/project-files.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { didYouMean } from '../lib/text.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { Project, Template } from '../model/template.ts';
import { cleanLines } from '../ui/text.ts';
import { type Answered, answersOf, linePrompt, type Prompt } from './answers.ts';
import {
  detectStacks,
  likeliest,
  matchOf,
  otherStack,
  type StackMatch,
  stacksBelow,
} from './detect.ts';
import { isProjectFile } from './facts.ts';
import { INIT, type InitFlags, initFlags } from './init-flags.ts';
import { loadTemplates, templatesFolder } from './manifest.ts';
import { baseProblems, type InitPlan, planInit, readProject } from './project.ts';
import { makingCommand } from './template.ts';

interface InitOutcome extends InitPlan, Omit<Answered, 'answers'> {
  readonly detectedBy: readonly string[];
  readonly folder: string;
  readonly dryRun: boolean;
}

/** For people: what was written, what is left to do. With `dryRun` the files themselves too. */
function initText(outcome: InitOutcome): string {
  const { template, detectedBy, files, existing, bases, notes, dryRun } = outcome;
  const why = detectedBy.length === 0 ? '' : ` (${detectedBy.join(', ')})`;
  const rows = files.map(({ path }) => {
    const replaces = existing.includes(path) ? ', replacing the old one' : '';
    return `${dryRun ? 'would write' : 'wrote'} ${path}${replaces}`;
  });
  const unpinned = bases.filter(({ digest }) => digest === undefined);
  const pins = unpinned.map(({ image, reason }) => `not pinned: ${image}: ${reason ?? ''}`);
  const pinHint =
    unpinned.length === 0
      ? []
      : [
          'scoville build pins images to the digests they have when it starts; scoville build --lock keeps them',
        ];
  const lines = [
    `${template.title}${why}`,
    ...rows,
    ...assumedText(outcome),
    ...pins,
    ...pinHint,
    ...notes.map((note) => `note: ${note}`),
  ];
  const contents = dryRun ? files.map(({ path, text }) => `\n--- ${path}\n${text}`) : [];
  const next = dryRun ? [] : [`next: ${nextStep(outcome)}`];
  return `${[...lines, ...next].join('\n')}\n${contents.join('')}`;
}

/** Where the port is from, and what was written though nobody said it. */
function assumedText({ answers, assumed, portFile }: InitOutcome): readonly string[] {
  const port = `port ${answers.get('port') ?? ''}`;
  const health = `health check at ${answers.get('health') ?? ''}`;
  const texts = Object.entries({ port, health, secrets: 'no secrets' });
  const guessed = texts.filter(([id]) => assumed.includes(id));
  const flags = guessed.map(([id]) => `--set ${id}=...`).join(' ');
  const guess = `assumed: ${guessed.map(([, text]) => text).join(', ')}; to change it: ${flags}`;
  return [
    ...(portFile === undefined ? [] : [`${port}, as in ${portFile}`]),
    ...(guessed.length === 0 ? [] : [guess]),
  ];
}

function nextStep({ answers, missing, folder }: InitOutcome): string {
  const makes = [...new Set(missing.flatMap((name) => makingCommand(name) ?? []))];
  const where = folder === '.' ? '' : ` in ${folder}`;
  const first = makes.length === 0 ? '' : `${makes.join('; ')}${where}; then `;
  return `${first}scoville build -t ${answers.get('name') ?? 'NAME'} ${shellWord(folder)}`;
}

/** For machines; docs/reference/commands/init.md has the fields. */
function initJson(outcome: InitOutcome): string {
  const { template, detectedBy, answers, assumed, files, existing, bases, notes, dryRun } = outcome;
  const document = {
    schemaVersion: '1',
    dryRun,
    stack: template.name,
    detectedBy,
    answers: Object.fromEntries(answers),
    assumed,
    files: files.map(({ path, text }) => ({
      path,
      replaces: existing.includes(path),
      ...(dryRun ? { text } : {}),
    })),
    bases: bases.map(({ role, image, digest, reason }) => ({
      role,
      image,
      digest: digest ?? null,
      ...(reason === undefined ? {} : { reason }),
    })),
    notes,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function stacksText(templates: readonly Template[]): string {
  return templates
    .map(({ name, title, questions, bases }) => {
      const rows = questions.map(({ id, ask, choices, byDefault, presetBy, optional }) => {
        const named = presetBy === 'git-user' ? 'user.name and user.email of git' : byDefault;
        const preset = named === undefined ? (optional ? ' (optional)' : '') : ` [${named}]`;
        const shown = choices.length === 0 ? '' : ` (${choices.join(', ')})`;
        return `  ${id.padEnd(12)} ${ask}${shown}${preset}`;
      });
      const roles = Object.entries(bases).map(
        ([role, image]) => `  base.${role.padEnd(7)} ${image}`,
      );
      return `${name}: ${title}\n${[...rows, ...roles].join('\n')}\n`;
    })
    .join('\n');
}

export const init = command(INIT, async (values, folders, io) => {
  const flags = initFlags(values, folders);
  const loaded = await loadTemplates(templatesFolder());
  if (flags.list) {
    writeProse(io, stacksText(loaded.templates));
    return EXIT.met;
  }
  const folder = await folderOf(flags, io);
  const project = await readProject(folder, isProjectFile);
  const prompt = flags.yes ? undefined : await promptOf(io);
  const match = await stackOf(flags, loaded.templates, project, prompt);
  const { template } = match;
  const context = pipelineContext(io);
  const { answers, ...origins } = await answersOf(flags, match, project, {
    io,
    context,
    folder,
    prompt,
  });
  const problems = baseProblems(template, flags.bases);
  if (problems.length > 0) throw new UserError(problems.join('\n  '));
  const request = { folder, template, answers, ci: flags.ci, bases: flags.bases };
  const plan = await planInit(context, loaded, { ...request, offline: flags.offline });
  if (
    plan.existing.length > 0 &&
    !flags.force &&
    !flags.dryRun &&
    !(await mayReplace(plan.existing, prompt))
  )
    throw new UserError(`there already: ${plan.existing.join(', ')}; nothing was written`, {
      nextStep: '--force replaces them, --dry-run shows what they would become',
    });
  if (!flags.dryRun) await writeFilesTogether(folder, plan.files);
  const outcome: InitOutcome = {
    ...plan,
    ...origins,
    detectedBy: match.files,
    folder: flags.folder,
    dryRun: flags.dryRun,
  };
  if (flags.json) io.writeOut(initJson(outcome));
  else writeProse(io, cleanLines(initText(outcome)));
  return EXIT.met;
});

/** Asks on a screen where one can be drawn, else by line; undefined where nobody can answer. */
async function promptOf(io: CommandIo): Promise<Prompt | undefined> {
  if (canAsk(io)) return (await import('./init-screen.ts')).screenPrompt(io);
  return io.inIsTerminal && io.errIsTerminal ? linePrompt(io) : undefined;
}

async function mayReplace(
  existing: readonly string[],
  prompt: Prompt | undefined,
): Promise<boolean> {
  const answer = await prompt?.({
    question: `There already: ${existing.join(', ')}. Replace`,
    options: [
      { value: 'no', detail: 'write nothing' },
      { value: 'yes', detail: 'their present content is lost' },
    ],
    byDefault: 'no',
    problem: (text) => (text === 'yes' || text === 'no' ? undefined : 'yes or no'),
  });
  return answer === 'yes';
}

async function folderOf(flags: InitFlags, io: CommandIo): Promise<string> {
  try {
    return await realpath(resolve(io.cwd, flags.folder));
  } catch (cause) {
    throw new UserError(`${flags.folder} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function stackOf(
  flags: InitFlags,
  templates: readonly Template[],
  project: Project,
  prompt: Prompt | undefined,
): Promise<StackMatch> {
  const names = templates.map(({ name }) => name);
  const known = (name: string): Template | undefined => templates.find((one) => one.name === name);
  if (flags.stack !== undefined) {
    const template = known(flags.stack);
    if (template !== undefined) return matchOf(template, project);
    const near = didYouMean(flags.stack, names);
    throw new UserError(
      `unknown stack ${JSON.stringify(flags.stack)}${near === undefined ? '' : `; did you mean ${near}?`}`,
      { nextStep: `--stack takes one of ${names.join(', ')}` },
    );
  }
  const matches = detectStacks(templates, project);
  const found = likeliest(matches);
  if (found !== undefined) return found;
  const candidates = matches.length > 0 ? matches.map(({ template }) => template.name) : names;
  const other = matches.length > 0 ? undefined : otherStack(project);
  const foreign = other && `${other.file} is of ${other.stack}, which has no template`;
  if (prompt === undefined) {
    const one = `--stack NAME, one of ${candidates.join(', ')}`;
    const below = matches.length > 0 ? [] : stacksBelow(templates, project);
    const [first] = below;
    if (matches.length > 0)
      throw new UserError(
        `the project could be of several stacks: ${matches.map(({ template, files }) => `${template.name} (${files.join(', ')})`).join(', ')}`,
        { nextStep: one },
      );
    if (first !== undefined)
      throw new UserError(
        `could not detect the stack of the folder, but in folders below: ${below.map(({ folder, name }) => `${folder} (${name})`).join(', ')}`,
        { nextStep: `scoville init ${shellWord(join(flags.folder, first.folder))}` },
      );
    throw new UserError(foreign ?? 'could not detect the stack of the folder', {
      nextStep: `${foreign === undefined ? '' : 'write a Dockerfile, and check it with scoville lint and scoville fix; or '}${one}`,
    });
  }
  const answer = await prompt({
    question: `${foreign === undefined ? '' : `${foreign}. `}Which stack`,
    options: candidates.map((value) => ({ value, detail: known(value)?.title ?? '' })),
    problem: (text) => (known(text) === undefined ? `one of ${names.join(', ')}` : undefined),
  });
  const template = known(answer);
  if (template === undefined) throw new Error('an asked stack is known');
  return matchOf(template, project);
}
