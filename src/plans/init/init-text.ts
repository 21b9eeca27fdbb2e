import { shellWord } from '../../model/shell-word.ts';
import type { Template } from '../../model/template.ts';
import { makingCommand } from './missing-files.ts';

/** What an init did, or would do, as its texts show it. */
export interface InitOutcome {
  readonly template: Template;
  /** Files of the project that speak for the stack. */
  readonly detectedBy: readonly string[];
  readonly answers: ReadonlyMap<string, string>;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly existing: readonly string[];
  readonly bases: readonly {
    readonly role: string;
    readonly image: string;
    readonly digest: string | undefined;
    readonly reason: string | undefined;
  }[];
  readonly notes: readonly string[];
  /** Files that have to be made before it builds. */
  readonly missing: readonly string[];
  /** The project's folder as it was typed. */
  readonly folder: string;
  readonly dryRun: boolean;
}

/** For people: what was written, what is left to do. With `dryRun` the files themselves too. */
export function initText(outcome: InitOutcome): string {
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
    ...pins,
    ...pinHint,
    ...notes.map((note) => `note: ${note}`),
  ];
  const contents = dryRun ? files.map(({ path, text }) => `\n--- ${path}\n${text}`) : [];
  const next = dryRun ? [] : [`next: ${nextStep(outcome)}`];
  return `${[...lines, ...next].join('\n')}\n${contents.join('')}`;
}

/** What makes the files that are missing, then the build. */
function nextStep({ answers, missing, folder }: InitOutcome): string {
  const makes = [...new Set(missing.flatMap((name) => makingCommand(name) ?? []))];
  const where = folder === '.' ? '' : ` in ${folder}`;
  const first = makes.length === 0 ? '' : `${makes.join('; ')}${where}; then `;
  return `${first}scoville build -t ${answers.get('name') ?? 'NAME'} ${shellWord(folder)}`;
}

/** For machines; docs/reference/commands/init.md has the fields. */
export function initJson(outcome: InitOutcome): string {
  const { template, detectedBy, answers, files, existing, bases, notes, dryRun } = outcome;
  const document = {
    schemaVersion: '1',
    dryRun,
    stack: template.name,
    detectedBy,
    answers: Object.fromEntries(answers),
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

/** The stacks with what each asks. */
export function stacksText(templates: readonly Template[]): string {
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
