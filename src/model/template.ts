import { parseReference } from './reference.ts';

/** Readers of project files, one per kind of project. */
export type FactReader =
  'node' | 'python' | 'go' | 'rust' | 'java' | 'dotnet' | 'ruby' | 'php' | 'site' | 'native';

export const CI_SYSTEMS = ['github', 'gitlab'] as const;
export type CiSystem = (typeof CI_SYSTEMS)[number];

/** Answers that a file or question depends on, by question. */
export type Condition = Readonly<Record<string, string>>;

/** A file that suggests a stack. */
export interface DetectionRule {
  /** Path from the project's root; `*` matches part of a name. */
  readonly file: string;
  /** A word that the file must contain. */
  readonly contains?: string;
  /** Weight for the stack; those of all files are added. */
  readonly score: number;
  readonly answers: Condition;
}

/** A default that is not in any manifest: `git-user`, the author of the project's commits. */
type Preset = 'git-user';

export interface Question {
  readonly id: string;
  readonly ask: string;
  readonly type: AnswerType;
  readonly choices: readonly string[];
  readonly byDefault?: string;
  readonly presetBy?: Preset;
  /** May stay empty; lines with its placeholder are then left out. */
  readonly optional: boolean;
  /** The default states something about the program, which only a person, or --yes, can confirm. */
  readonly confirm: boolean;
}

/** A file of the template, verbatim except for placeholders, and its place in the project. */
export interface TemplateFile {
  /** Path from the folder of templates. */
  readonly from: string;
  readonly to: string;
  readonly when: Condition;
  /** Only for this CI system. */
  readonly ci?: CiSystem;
}

interface TemplateNote {
  readonly text: string;
  readonly when: Condition;
}

/** A stack's template, including what all stacks share. */
export interface Template {
  readonly name: string;
  readonly title: string;
  /** Absent: only the name of the project's folder is known. */
  readonly facts?: FactReader;
  readonly detect: readonly DetectionRule[];
  readonly questions: readonly Question[];
  /** Image by role, with placeholders for versions. */
  readonly bases: Readonly<Record<string, string>>;
  readonly files: readonly TemplateFile[];
  readonly notes: readonly TemplateNote[];
}

/** A project's folder: names of its files, and texts of those that matter. */
export interface Project {
  /** Name of its folder. */
  readonly folder: string;
  /** Paths from its root with `/`, a few levels deep. */
  readonly files: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

export function applies(condition: Condition, answers: ReadonlyMap<string, string>): boolean {
  return Object.entries(condition).every(([id, value]) => answers.get(id) === value);
}

/**
 * How a file contains an answer. `plain`: as it is; `json`: as JSON, for YAML and exec forms; the
 * others are whole lines.
 */
export type AnswerForm = 'plain' | 'json' | 'env' | 'settings';

interface Kind {
  readonly pattern: RegExp;
  readonly expects: string;
  /** In characters. */
  readonly longest: number;
  /** The first is the default; text that could steer a shell or a Dockerfile lacks `plain`. */
  readonly forms: readonly [AnswerForm, ...AnswerForm[]];
}

/** Kinds of answers, each with what it may be at most, so that an answer can do no harm. */
export type AnswerType =
  | 'name'
  | 'port'
  | 'path'
  | 'route'
  | 'version'
  | 'words'
  | 'text'
  | 'names'
  | 'choice'
  | 'level'
  | 'image'
  | 'url'
  | 'sha256';

/** By row: kind, most characters, forms, what is expected in words, and the pattern. */
const TABLE = String.raw`
name | 100 | plain json | a name of lower-case letters and digits, with single . _ - between them
  ^[a-z0-9]+(?:[._-][a-z0-9]+)*$
port | 5 | plain | a port from 1024 to 65535, which a user without privileges may open
  ^(?:102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$
path | 200 | plain json | a path inside of the project: letters, digits and . _ @ + / -
  ^(?!.*(?:^|\/)\.\.(?:\/|$))(?!.*\/\/)[A-Za-z0-9._@+][A-Za-z0-9._@+/-]*$
route | 200 | plain | a path of an address that begins with /: letters, digits and . _ ~ / -
  ^\/(?:[A-Za-z0-9._~-]+(?:\/|$))*$
version | 14 | plain | a version: numbers with dots
  ^\d{1,4}(?:\.\d{1,4}){0,2}$
words | 2048 | json | words with one space between them: letters, digits and . _ / : = @ , + -
  ^[A-Za-z0-9._/:=@,+-]{1,128}(?: [A-Za-z0-9._/:=@,+-]{1,128}){0,31}$
text | 256 | json | one line of text
  ^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$
names | 2048 | env settings | names with commas between them: lower-case letters, digits, - and _; or none
  ^[a-z][a-z0-9]{0,31}(?:[_-][a-z0-9]{1,32}){0,8}(?:,[a-z][a-z0-9]{0,31}(?:[_-][a-z0-9]{1,32}){0,8}){0,31}$
choice | 64 | plain
  ^[a-z0-9][a-z0-9.-]*$
level | 1 | plain | a level from 0 to 5
  ^[0-5]$
image | 512 | plain | an image reference
  ^[A-Za-z0-9._/:@[\]-]+$
url | 512 | plain | an https address: letters, digits and . _ ~ : @ % + / -
  ^https:\/\/[A-Za-z0-9._~:@%+/-]+$
sha256 | 64 | plain | a SHA-256: 64 digits from 0 to f
  ^[0-9a-f]{64}$
`;

const KINDS = Object.fromEntries(
  TABLE.trim()
    .split(/\n(?! )/)
    .map((row) => {
      const [head = '', pattern = ''] = row.split('\n  ');
      const [type = '', longest, forms = '', expects = ''] = head.split(' | ');
      const kind = { expects, longest: Number(longest), forms: forms.split(' ') };
      return [type, { ...kind, pattern: new RegExp(pattern, 'u') }];
    }),
) as unknown as Readonly<Record<AnswerType, Kind>>;

export const ANSWER_TYPES = Object.keys(KINDS) as readonly AnswerType[];

/** The forms for an answer of this kind; the first is the default. */
export function formsOf(type: AnswerType): readonly [AnswerForm, ...AnswerForm[]] {
  return KINDS[type].forms;
}

/** What is wrong with an answer, to follow its name, or undefined. Callers check empty answers. */
export function answerProblem(
  value: string,
  { type, choices = [] }: { readonly type: AnswerType; readonly choices?: readonly string[] },
): string | undefined {
  if (type === 'choice')
    return choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`;
  const { pattern, expects, longest } = KINDS[type];
  if (value.length > longest) return `must be at most ${longest} characters long`;
  if (!pattern.test(value) || (type === 'text' && value.trim() !== value))
    return `must be ${expects}`;
  if (type === 'image') {
    const read = parseReference(value);
    return read.ok ? undefined : `must be an image reference: ${read.error}`;
  }
  return undefined;
}

/** How to find out whether an image's program works. */
export interface SmokeRequest {
  /**
   * A user's command for `sh -c` on this machine. Default: the image's HEALTHCHECK, else that the
   * container stays up.
   */
  readonly command: string | undefined;
  /** The container port for the command; default: the lowest exposed one. */
  readonly port: number | undefined;
  /** `NAME=VALUE` or `NAME`, for the container. */
  readonly env: readonly string[];
  /** Until the program answers, in milliseconds. */
  readonly timeoutMs: number;
}

/** What decided, the weakest last: the container stays up for a while, or ends with 0. */
type SmokeJudge = 'smoke command' | 'HEALTHCHECK' | 'staying up' | 'ending well';

/** `none`: no capabilities. `default`: the engine's, for programs that do not start without. */
export const RIGHTS = ['none', 'default'] as const;
export type Rights = (typeof RIGHTS)[number];

export type SmokeResult =
  | { readonly answers: true; readonly judge: SmokeJudge; readonly rights: Rights }
  | {
      readonly answers: false;
      readonly judge: SmokeJudge;
      readonly reason: string;
      /** The end of the output of container and command. */
      readonly log: string;
    };

/** A test of a program, with the expected answer. */
export type Exercise =
  | {
      readonly kind: 'http';
      /** From `/`. */
      readonly path: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Sent with the request. */
      readonly body: string | undefined;
      /** Of the container; default: the lowest exposed one. */
      readonly port: number | undefined;
      /** Default status: 200 to 399. `body` is a part of the answer's. */
      readonly expect: { readonly status?: number; readonly body?: string };
    }
  /** A program of the image, started in the container; it must end with 0. */
  | { readonly kind: 'run'; readonly command: readonly string[] }
  /** A command for `sh -c` on this machine; it must end with 0. */
  | { readonly kind: 'smoke'; readonly command: string };

export function namedPorts(exercises: readonly Exercise[]): readonly number[] {
  return exercises.flatMap((one) =>
    one.kind === 'http' && one.port !== undefined ? [one.port] : [],
  );
}

/** An exercise in a few words: `GET /healthz`. */
export function exerciseWords(exercise: Exercise): string {
  switch (exercise.kind) {
    case 'http':
      return `${exercise.method} ${exercise.path}`;
    case 'run':
      return `run ${exercise.command.join(' ')}`;
    case 'smoke':
      return 'a smoke command';
  }
}
