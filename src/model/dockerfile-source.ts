import type { Instruction, ShellCommand, SourceRange } from './dockerfile.ts';

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
  /** Offsets of a range of the model. */
  readonly spanOf: (range: SourceRange) => Span;
  /** Offset of the first line that is neither parser directive nor in front of one. */
  readonly top: number;
}
