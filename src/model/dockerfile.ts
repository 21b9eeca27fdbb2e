import type { ImageReference } from './reference.ts';

/** A stretch of the file: UTF-16 offsets, `end` behind the last character. */
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
  /** Its words as far as they are known, those in front that only start it taken off. */
  readonly argv: readonly string[];
  /** Commands that it starts besides: those of `find -exec`. */
  readonly started: readonly (readonly string[])[];
  /** Names of the programs that were taken off (`sudo`, `env`), the first in front. */
  readonly wrappers: readonly string[];
}

/** An instruction as it stands in the file. */
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
  /** The span of the file that a span of `text` came from, including what is between two lines. */
  readonly place: (start: number, end: number) => Span;
  /** Behind the last character of `text` in the file: before the here-documents. */
  readonly textEnd: number;
  /** What the model has of it; FROM and what stands before it have none. */
  readonly instruction: Instruction | undefined;
  readonly commands: readonly SourceCommand[];
  /**
   * The end of the last command of its shell script, also in the string of an exec form; undefined
   * where it has none, or one that runs in the background.
   */
  readonly scriptEnd: number | undefined;
  /** Working directory before it; '' where it is not known. */
  readonly folder: string;
}

/** A Dockerfile's text with the places of what was read from it. */
export interface DockerfileSource {
  readonly text: string;
  /** What ends its first line; LF where there is one line. */
  readonly eol: '\n' | '\r\n';
  readonly escape: '\\' | '`';
  readonly instructions: readonly SourceInstruction[];
  readonly spanOf: (range: SourceRange) => Span;
  /** Offset of the first line that is neither parser directive nor in front of one. */
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
export interface ShellWord {
  readonly text: string;
  readonly value: string | undefined;
  /** Where it stands, quotes included. */
  readonly range: SourceRange;
}

/** How a command's failure and output connect to what follows it in its list. */
export type ShellOperator = '&&' | '||' | ';' | '|' | '&' | '';

/** A simple command of a RUN: its words in order, with the operator that follows it. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  readonly operator: ShellOperator;
  /** Inside `$(...)`, a function body, `if`, or a loop. */
  readonly nested: boolean;
  /**
   * How many scripts of other commands contain it (`sh -c TEXT`, `bash <<EOF`); those commands are
   * in front of it. Absent for none.
   */
  readonly depth?: number;
  readonly range: SourceRange;
  /** File targets of `>` and `>>`. */
  readonly writesTo: readonly string[];
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
  /** Arguments split as the instruction does, with ARG and ENV replaced where they are known. */
  readonly arguments: readonly string[];
  /** Where each of them is, quotes included; empty for an exec form and text that a shell reads. */
  readonly argumentRanges: readonly SourceRange[];
  readonly heredocs: readonly { readonly delimiter: string; readonly content: string }[];
  /**
   * RUN in shell form: its commands; in exec form: one. After each come those of a script in its
   * words. Empty for other instructions.
   */
  readonly commands: readonly ShellCommand[];
  /** Why `commands` could not be had, where shell in this RUN could not be parsed. */
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
  /** Undefined where the text is no reference or holds a variable without a value. */
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
  /** The frontend that reads it, if not Docker's own: the text means what this frontend decides. */
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

/** Why a Dockerfile says nothing for sure under another frontend than Docker's own. */
export function readByAnother(frontend: string): string {
  return `the frontend ${frontend} reads this Dockerfile, and may read it otherwise than Docker’s own`;
}

/** True for a USER that is root with any etc/passwd: none, uid 0 or `root`, even with a group. */
export function isRootUser(user: string): boolean {
  return /^(?:root|[+-]?0+)?(?::.*)?$/.test(user.trim());
}

/**
 * A JSON array as BuildKit reads it; undefined where the text is none, and is taken as text. Older
 * versions pass over text behind the array, newer ones take all for text then: `isWhole` tells that
 * there is none.
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

/** The strings of an exec form (`["a", "b"]`), or undefined where the text is none. */
export function execStrings(text: string): readonly string[] | undefined {
  const items = jsonArray(text)?.items;
  return items?.every((item) => typeof item === 'string') === true
    ? items.map((item) => item.replace(/\p{Surrogate}/gu, '\ufffd'))
    : undefined;
}

/** The stages that make up a stage (default: the target), from the one on an outside base on. */
export function stageChain(
  { stages, target }: Pick<DockerfileModel, 'stages' | 'target'>,
  index = target,
): readonly Stage[] {
  return chainOf(index, (at) => stages[at]);
}

/** The same of stages that are found by their index, read as a model or not yet. */
export function chainOf<T extends Pick<Stage, 'base'>>(
  index: number,
  at: (index: number) => T | undefined,
): readonly T[] {
  const chain: T[] = [];
  // A stage stands only on an earlier one: the index falls, so this ends.
  for (let stage = at(index); stage !== undefined && !chain.includes(stage);) {
    chain.unshift(stage);
    stage = stage.base.kind === 'stage' ? at(stage.base.index) : undefined;
  }
  return chain;
}

/** `NAME=VALUE` taken apart at the first `=`; the value is undefined where there is none. */
export function assignment(text: string): readonly [name: string, value: string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Values by name, from the texts like `NAME=VALUE`; if a name comes twice, the last one counts. */
export function assignments(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map(assignment).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** Text as one word of a POSIX shell, for commands that are shown to be copied. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A folder as one word that `cd` takes for nothing else: `cd -` goes elsewhere. */
export function folderWord(folder: string): string {
  return shellWord(folder.startsWith('-') ? `./${folder}` : folder);
}

/** A value without the quotes around it. */
export function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}

/** The folder sent to BuildKit, without ignored files. Paths are relative to it, with slashes. */
export interface BuildContext {
  /** Text of a file of at most 1 MiB; undefined where there is none, or where it is larger. */
  readonly text: (path: string) => string | undefined;
  /** What lies at a path; undefined where nothing does. */
  readonly kind: (path: string) => 'file' | 'folder' | undefined;
  /** Names in a folder (`''` for the whole context); undefined where there is none, or too many. */
  readonly names: (path: string) => readonly string[] | undefined;
}
