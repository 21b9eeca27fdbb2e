import type { AnswerType } from './answer-types.ts';

/** Who can tell what a project is: one reader of project files each. */
export const FACT_READERS = [
  'node',
  'python',
  'go',
  'rust',
  'java',
  'dotnet',
  'ruby',
  'php',
  'site',
  'native',
] as const;
export type FactReader = (typeof FACT_READERS)[number];

export const CI_SYSTEMS = ['github', 'gitlab'] as const;
export type CiSystem = (typeof CI_SYSTEMS)[number];

/** Answers that must be given for something to apply, by question. */
export type Condition = Readonly<Record<string, string>>;

/** A file whose presence speaks for a stack. */
export interface DetectionRule {
  /** Path from the project's root; `*` stands for a part of a name. */
  readonly file: string;
  /** A word that the file has to hold. */
  readonly contains?: string;
  /** How much it speaks for the stack; what a project's files give is added up. */
  readonly score: number;
  /** What it answers. */
  readonly answers: Condition;
}

/** Where a default comes from that no manifest knows: `git-user`, who commits in the project. */
export const PRESETS = ['git-user'] as const;
export type Preset = (typeof PRESETS)[number];

export interface Question {
  readonly id: string;
  readonly ask: string;
  readonly type: AnswerType;
  readonly choices: readonly string[];
  readonly byDefault?: string;
  readonly presetBy?: Preset;
  /** May stay without an answer; lines with its placeholder are then left out. */
  readonly optional: boolean;
  /** The default is a statement about the program that only a person, or --yes, can make. */
  readonly confirm: boolean;
}

/** A file of the template, verbatim but for its placeholders, and where it goes in the project. */
export interface TemplateFile {
  /** Path from the folder of templates. */
  readonly from: string;
  readonly to: string;
  readonly when: Condition;
  /** Written for this CI system alone. */
  readonly ci?: CiSystem;
}

interface TemplateNote {
  readonly text: string;
  readonly when: Condition;
}

/** A stack's template, what all stacks share included. */
export interface Template {
  readonly name: string;
  readonly title: string;
  /** Without one, the name of the project's folder is all that is known. */
  readonly facts?: FactReader;
  readonly detect: readonly DetectionRule[];
  readonly questions: readonly Question[];
  /** Image by role, with placeholders of versions. */
  readonly bases: Readonly<Record<string, string>>;
  readonly files: readonly TemplateFile[];
  readonly notes: readonly TemplateNote[];
}

/** A project's folder as read: names of its files, and texts of the files that reveal something. */
export interface Project {
  /** Name of its folder. */
  readonly folder: string;
  /** Paths from its root with `/`, a few levels deep. */
  readonly files: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

/** True where the answers are those of the condition. */
export function applies(condition: Condition, answers: ReadonlyMap<string, string>): boolean {
  return Object.entries(condition).every(([id, value]) => answers.get(id) === value);
}
