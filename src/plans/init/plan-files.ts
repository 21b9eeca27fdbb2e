import { applies, type CiSystem, type Template, type TemplateFile } from '../../model/template.ts';
import type { Answers } from './render.ts';

/** A file that is to be written into the project. */
export interface PlannedFile {
  /** Path from the project's root. */
  readonly path: string;
  readonly text: string;
}

/** The template's files that these answers ask for; of several for one place, the first. */
export function filesFor(
  template: Template,
  answers: Answers,
  ci: CiSystem | undefined,
): readonly TemplateFile[] {
  const wanted = template.files.filter(
    (file) => applies(file.when, answers) && (file.ci === undefined || file.ci === ci),
  );
  return wanted.filter((file, i) => wanted.findIndex(({ to }) => to === file.to) === i);
}

/** What the user should know, by these answers. */
export function notesFor(template: Template, answers: Answers): readonly string[] {
  return template.notes.filter(({ when }) => applies(when, answers)).map(({ text }) => text);
}
