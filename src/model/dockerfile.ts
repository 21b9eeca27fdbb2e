import type { ImageReference } from './reference.ts';

/** UTF-16 offsets in the file; `end` is behind the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A word of a RUN with its place in the file. */
export interface SourceWord extends Span {
  readonly text: string;
  /** Undefined where it is not constant. */
  readonly value: string | undefined;
}

/** A simple command of a RUN with its place in the file. */
export interface SourceCommand extends Span {
  readonly command: ShellCommand;
  readonly words: readonly SourceWord[];
  /** Its words as far as they are constant, without those that only start it (`sudo`). */
  readonly argv: readonly string[];
  /** Commands that it starts too: those of `find -exec`. */
  readonly started: readonly (readonly string[])[];
  /** The programs removed in front (`sudo`, `env`), in order. */
  readonly wrappers: readonly string[];
}

/** An instruction with its place in the file. */
export interface SourceInstruction extends Span {
  /** Upper case. */
  readonly keyword: string;
  /** Index of its stage; undefined before the first FROM. A FROM is of the stage that it opens. */
  readonly stage: number | undefined;
  /** Of its first line, from 1. */
  readonly line: number;
  /** Keyword and arguments, continued lines joined, comments removed, without here-documents. */
  readonly text: string;
  /** Offset in `text` behind the flags. */
  readonly argumentsAt: number;
  /** The words of `text` behind the flags. */
  readonly words: readonly { readonly text: string; readonly start: number }[];
  /** The span in the file for a span of `text`, including what is between two lines. */
  readonly place: (start: number, end: number) => Span;
  /** In the file, behind the last character of `text`: before the here-documents. */
  readonly textEnd: number;
  /** The model's instruction; undefined for FROM and all before it. */
  readonly instruction: Instruction | undefined;
  readonly commands: readonly SourceCommand[];
  /**
   * The end of the last command of its shell script, also in the string of an exec form. Undefined
   * without one, or if that runs in the background.
   */
  readonly scriptEnd: number | undefined;
  /** Working directory before it; '' where it is not known. */
  readonly folder: string;
}

/** A Dockerfile's text with the places of its parts. */
export interface DockerfileSource {
  readonly text: string;
  /** The end of its first line; LF for a single line. */
  readonly eol: '\n' | '\r\n';
  readonly escape: '\\' | '`';
  readonly instructions: readonly SourceInstruction[];
  readonly spanOf: (range: SourceRange) => Span;
  /** Offset of the first line behind parser directives and the lines before them. */
  readonly top: number;
}

/** Lines and columns start at 1; `end` is behind the last character. */
export interface SourceRange {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A word of a shell command; `value` if constant with ARG and ENV replaced, else undefined. */
interface ShellWord {
  readonly text: string;
  readonly value: string | undefined;
  readonly range: SourceRange;
}

/** The operator between a command and the next one. */
export type ShellOperator = '&&' | '||' | ';' | '|' | '&' | '';

/** A simple command of a RUN, with the operator that follows. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  readonly operator: ShellOperator;
  /** Inside `$(...)`, a function body, `if`, or a loop. */
  readonly nested: boolean;
  /**
   * How many scripts of other commands contain it (`sh -c TEXT`, `bash <<EOF`); those commands
   * precede it. Absent for none.
   */
  readonly depth?: number;
  /** Of a command in such a script: false where its words have no places of their own. */
  readonly isPlaced?: boolean;
  readonly range: SourceRange;
  /** File targets of `>` and `>>`. */
  readonly writesTo: readonly string[];
  /** The programs in front that only start it (`sudo`, `env`), in order. */
  readonly wrappers: readonly string[];
  /** Its words as far as they are known, without those, and the commands that it starts. */
  readonly starts: readonly (readonly string[])[];
}

interface InstructionFlag {
  readonly name: string;
  readonly value: string;
}

export interface Instruction {
  /** Upper case: `FROM`, `RUN`, `COPY`. */
  readonly keyword: string;
  readonly range: SourceRange;
  readonly flags: readonly InstructionFlag[];
  /** What follows keyword and flags, continuation lines joined, variables not replaced. */
  readonly rawArguments: string;
  /** Split as the instruction does, with known ARG and ENV replaced. */
  readonly arguments: readonly string[];
  /** The place of each, quotes included; empty for an exec form and for text that a shell reads. */
  readonly argumentRanges: readonly SourceRange[];
  readonly heredocs: readonly { readonly delimiter: string; readonly content: string }[];
  /**
   * RUN in shell form: its commands; in exec form: one. Each is followed by those of a script in
   * its words. Empty for other instructions.
   */
  readonly commands: readonly ShellCommand[];
  /** Why the shell of this RUN could not be parsed. */
  readonly shellError?: string;
}

export function showsText({ rawArguments, heredocs }: Instruction, text: RegExp): boolean {
  return text.test(rawArguments) || heredocs.some(({ content }) => text.test(content));
}

/** Where a build takes an image from outside. */
export interface ExternalImage {
  readonly kind: 'from' | 'copy-from' | 'mount-from' | 'syntax';
  /** As written, variables replaced. */
  readonly text: string;
  /** Undefined for an invalid reference, or one with an unknown variable. */
  readonly reference: ImageReference | undefined;
  /** Of its name, without quotes. */
  readonly range: SourceRange;
  /** Name or number of the stage that uses it; undefined for the frontend. */
  readonly stage?: string;
}

export interface Stage {
  readonly index: number;
  readonly name?: string;
  /** A stage's index, an outside image, `scratch`, or undefined where a variable has no value. */
  readonly base:
    | { readonly kind: 'stage'; readonly index: number }
    | { readonly kind: 'image'; readonly image: ExternalImage }
    | { readonly kind: 'scratch' }
    | { readonly kind: 'unknown'; readonly text: string };
  readonly platform?: string;
  readonly range: SourceRange;
  readonly instructions: readonly Instruction[];
  /** Indexes of the stages this one needs: its base, COPY --from, mounts. */
  readonly needs: readonly number[];
}

/** A Dockerfile as plain data. */
export interface DockerfileModel {
  readonly syntax?: ExternalImage;
  /** A frontend other than Docker's own: it decides what the text means. */
  readonly foreignFrontend?: string;
  readonly escape: '\\' | '`';
  /** ARGs before the first FROM, with the value that build args or defaults give. */
  readonly globalArgs: Readonly<Record<string, string | undefined>>;
  readonly stages: readonly Stage[];
  /** The stage that is built: `--target`, else the last. */
  readonly target: number;
  /** Indexes of the stages that the target reaches, ascending. */
  readonly reached: readonly number[];
  /** Images from outside that reached stages use, and the frontend. */
  readonly externalImages: readonly ExternalImage[];
}

/** Why a Dockerfile for another frontend proves nothing. */
export function readByAnother(frontend: string): string {
  return `the frontend ${frontend} reads this Dockerfile, and may read it otherwise than Docker’s own`;
}

/** True for a USER that is root with any etc/passwd: absent, uid 0 or `root`, even with a group. */
export function isRootUser(user: string): boolean {
  return /^(?:root|[+-]?0+)?(?::.*)?$/.test(user.trim());
}

/**
 * A JSON array as BuildKit reads it; undefined for plain text. With more text behind the array,
 * older versions ignore that text, and newer ones treat all as plain text: `isWhole` is then false.
 */
export function jsonArray(
  text: string,
): { readonly items: readonly unknown[]; readonly isWhole: boolean } | undefined {
  const start = text.search(/[^\s\u0085]|\ufeff/);
  if (text[start] !== '[') return undefined;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\[^])*(?:"|$)|[[\]]/g)) {
    if (token === '[') depth += 1;
    if (token !== ']' || --depth > 0) continue;
    const end = index + 1;
    try {
      // eslint-disable-next-line no-restricted-syntax -- a list of words on a line of a Dockerfile: it has no keys
      const items = JSON.parse(text.slice(start, end)) as readonly unknown[];
      return { items, isWhole: text.slice(end).trim() === '' };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** The strings of an exec form (`["a", "b"]`), or undefined. */
export function execStrings(text: string): readonly string[] | undefined {
  const items = jsonArray(text)?.items;
  return items?.every((item) => typeof item === 'string') === true
    ? items.map((item) => item.replace(/\p{Surrogate}/gu, '\ufffd'))
    : undefined;
}

/** The chain of stages below a stage (default: the target), the one on an outside base first. */
export function stageChain(
  { stages, target }: Pick<DockerfileModel, 'stages' | 'target'>,
  index = target,
): readonly Stage[] {
  return chainOf(index, (at) => stages[at]);
}

/** Same for stages by index, as models or not yet. */
export function chainOf<T extends Pick<Stage, 'base'>>(
  index: number,
  at: (index: number) => T | undefined,
): readonly T[] {
  const chain: T[] = [];
  // A stage uses only earlier ones: the index falls, so this ends.
  for (let stage = at(index); stage !== undefined && !chain.includes(stage);) {
    chain.unshift(stage);
    stage = stage.base.kind === 'stage' ? at(stage.base.index) : undefined;
  }
  return chain;
}

/** `NAME=VALUE`, split at the first `=`; the value is undefined without one. */
export function assignment(text: string): readonly [name: string, value: string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** From texts like `NAME=VALUE`; the last of a name counts. */
export function assignments(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map(assignment).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** Text as one word of a POSIX shell, for commands to copy. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A folder as one word for `cd`: `cd -` would go elsewhere. */
export function folderWord(folder: string): string {
  return shellWord(folder.startsWith('-') ? `./${folder}` : folder);
}

export function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}

/** The folder sent to BuildKit, without ignored files. Paths are relative to it, with slashes. */
export interface BuildContext {
  /** Text of a file of at most 1 MiB; undefined where it is missing or larger. */
  readonly text: (path: string) => string | undefined;
  /** Undefined where nothing exists at the path. */
  readonly kind: (path: string) => 'file' | 'folder' | undefined;
  /** Names in a folder (`''` for the context); undefined where it is missing, or has too many. */
  readonly names: (path: string) => readonly string[] | undefined;
}
