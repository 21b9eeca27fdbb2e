/** Offsets into the shell text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A piece of a word. `quoted` pieces are never split into fields. */
export type WordPart =
  | { readonly kind: 'literal'; readonly value: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** `:-`, `+`, `##`, `/` and the like; `?` for forms whose value is not worked out. */
      readonly operator: string;
      readonly argument: readonly WordPart[];
    }
  | {
      readonly kind: 'substitution';
      readonly quoted: boolean;
      /** `<(...)` and `>(...)`, in place of `$(...)`. */
      readonly process: boolean;
      readonly body: List;
    }
  /** Arithmetic: never a constant here. */
  | { readonly kind: 'opaque'; readonly text: string };

export interface Word extends Span {
  /** As written. */
  readonly text: string;
  readonly parts: readonly WordPart[];
}

export interface Redirect {
  /** `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `&>` ... */
  readonly operator: string;
  /** File, here-string, or the delimiter of a here-document. */
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

export interface Branch {
  readonly condition: List;
  readonly body: List;
}

export type Command =
  | Simple
  | (Span & {
      readonly kind: 'if';
      readonly branches: readonly Branch[];
      readonly otherwise: List | undefined;
      readonly redirects: readonly Redirect[];
    })
  | (Span & {
      readonly kind: 'loop';
      readonly condition: List;
      readonly body: List;
      readonly redirects: readonly Redirect[];
    })
  | (Span & {
      readonly kind: 'for';
      readonly variable: string;
      readonly items: readonly Word[];
      readonly body: List;
      readonly redirects: readonly Redirect[];
    })
  | (Span & {
      readonly kind: 'case';
      readonly subject: Word;
      readonly arms: readonly List[];
      readonly redirects: readonly Redirect[];
    })
  | (Span & {
      readonly kind: 'group';
      readonly subshell: boolean;
      readonly body: List;
      readonly redirects: readonly Redirect[];
    })
  | (Span & {
      readonly kind: 'function';
      readonly name: string;
      readonly body: Command;
      readonly redirects: readonly Redirect[];
    });

export interface Pipeline extends Span {
  readonly negated: boolean;
  readonly elements: readonly Command[];
}

export type ListOperator = '&&' | '||' | ';' | '&' | '';

export interface List {
  readonly items: readonly { readonly pipeline: Pipeline; readonly operator: ListOperator }[];
}
