import type { SourceRange } from '../../model/dockerfile.ts';

/** Offsets into the shell text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A piece of a word; a `quoted` one is never split into fields. */
export type WordPart =
  /** `pattern` where it stands for the names of files: an unquoted `*`, `?` or `[a-z]`. */
  | { readonly kind: 'literal'; readonly value: string; readonly pattern?: true }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** `:-`, `+`, `##`, `/` and the like; `other` for forms whose value is not worked out. */
      readonly operator: string;
      readonly argument: readonly WordPart[];
      /** It is counted with: a subscript, a place in a text. */
      readonly counts?: true;
    }
  | {
      readonly kind: 'substitution';
      readonly quoted: boolean;
      /** `<(...)` and `>(...)`; undefined for `$(...)`. */
      readonly process: '<' | '>' | undefined;
      readonly body: List;
    }
  /** Arithmetic, arrays, patterns: never a constant here. The `parts` are expanded all the same. */
  | {
      readonly kind: 'opaque';
      readonly text: string;
      readonly parts: readonly WordPart[];
      readonly counts?: true;
    };

export interface Word extends Span {
  /** As written. */
  readonly text: string;
  readonly parts: readonly WordPart[];
}

export interface Redirect {
  /** `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `&>` ... */
  readonly operator: string;
  /** The file descriptor that is written before the operator. */
  readonly descriptor: number | undefined;
  /** File or here-string; empty for a here-document. */
  readonly target: Word;
  /** Content of a here-document. */
  readonly body?: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
  readonly append: boolean;
}

export interface Simple extends Span {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

interface Branch {
  readonly condition: List;
  readonly body: List;
}

interface CaseArm {
  readonly patterns: readonly Word[];
  /** With the bodies that `;&` falls through to. */
  readonly body: List;
}

interface Compound extends Span {
  readonly redirects: readonly Redirect[];
}

export type Command =
  | Simple
  | (Compound & {
      readonly kind: 'if';
      readonly branches: readonly Branch[];
      readonly otherwise: List | undefined;
    })
  | (Compound & { readonly kind: 'loop'; readonly condition: List; readonly body: List })
  | (Compound & {
      readonly kind: 'for';
      readonly variable: string;
      readonly items: readonly Word[];
      readonly body: List;
    })
  | (Compound & {
      readonly kind: 'case';
      readonly subject: Word;
      readonly arms: readonly CaseArm[];
    })
  | (Compound & { readonly kind: 'group'; readonly subshell: boolean; readonly body: List })
  | (Compound & { readonly kind: 'function'; readonly name: string; readonly body: Command });

export interface Pipeline {
  readonly negated: boolean;
  readonly elements: readonly Command[];
}

export type ListOperator = '&&' | '||' | ';' | '&' | '';

export interface List {
  readonly items: readonly { readonly pipeline: Pipeline; readonly operator: ListOperator }[];
}

/** Shell text as a tree, and where its places lie in the Dockerfile. */
export interface Script {
  readonly list: List;
  readonly text: string;
  readonly rangeOf: (start: number, end: number) => SourceRange;
}
