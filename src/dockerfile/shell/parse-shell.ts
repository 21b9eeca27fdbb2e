import {
  type CommandNode,
  forEachChild,
  parse,
  type ParsedScript,
  type Redirection,
  type Statement,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { err, ok, type Result } from '../../lib/errors.ts';
import type { SourceRange } from '../../model/dockerfile.ts';

/** Offsets into the shell text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Shell text as a tree, and where its places lie in the Dockerfile. */
export interface Script {
  readonly tree: ParsedScript;
  readonly text: string;
  readonly rangeOf: (start: number, end: number) => SourceRange;
  /** False where all of it has one place: the file has it in another form. */
  readonly isPlaced?: boolean;
}

/** Why shell text could not be read, with the offset of the place. */
interface ShellError {
  readonly message: string;
  readonly offset: number;
}

/** The parser rereads nested text at each level, so that its worst time is length times nesting. */
const MAX_LENGTH = 65_536;
/** Commands and substitutions inside each other; nobody writes more. */
const MAX_DEPTH = 48;
/** Each one begun on a line is read again for each that follows. */
const MAX_HEREDOCS = 1000;
const TOO_DEEP = 'shell is nested too deeply';
const DEEPER = /^(?:Script|CompoundList|Command|(?:Parameter|Arithmetic)Expansion)$/;

/** True for a word that can be read without its neighbors. */
function isWhole({ text }: Word): boolean {
  return parse(`: ${text}`).errors === undefined;
}

/** Why a part of the tree is not read; undefined where it is. */
function flaw(node: SyntaxNode): string | undefined {
  if ('script' in node && node.script === undefined) return 'a substitution that is not read';
  if (node.type === 'ArithmeticCommand' && node.expression === undefined && /[$`]/.test(node.body))
    return 'arithmetic that is not read';
  if (node.type === 'Function' && node.body.type === 'CompoundList')
    return 'a function without a body';
  if (node.type === 'Coproc' && node.body.type === 'CompoundList')
    return 'coproc without a command';
  if (node.type === 'HereDoc' && (node.delimiter === undefined || node.closing === undefined))
    return 'a here-document is not closed';
  if ((node.type === 'Redirect' || node.type === 'HereString') && node.target === undefined)
    return `nothing behind ${node.operator}`;
  if (node.type !== 'ParameterExpansion' || node.operation?.type !== 'Replace') return undefined;
  // The parser ends a pattern at a slash inside of a substitution.
  const { pattern, replacement } = node.operation;
  return /\$\(|`|<\(/.test(node.text) && !(isWhole(pattern) && isWhole(replacement))
    ? 'a pattern that is not read'
    : undefined;
}

/**
 * The first place that cannot be read, in nested scripts too. `within`: where a script begins whose
 * text was escaped (backquotes in backquotes), and so has places of its own.
 */
function errorIn(node: SyntaxNode, depth: number, within?: number): ShellError | undefined {
  const inner = DEEPER.test(node.type) ? depth + 1 : depth;
  const own = inner > MAX_DEPTH ? TOO_DEEP : flaw(node);
  if (own !== undefined) return { message: own, offset: within ?? node.pos };
  let found: ShellError | undefined;
  if (node.type === 'Script') {
    const [error] = node.errors ?? [];
    if (error !== undefined) return { message: error.message, offset: within ?? error.pos };
  }
  forEachChild(node, (child) => {
    const isEscaped = child.type === 'Script' && child.source !== undefined;
    found ??= errorIn(child, inner, within ?? (isEscaped ? node.pos : undefined));
  });
  return found;
}

/**
 * Reads shell text as bash does, which takes what POSIX shells take; who walks the tree knows where
 * they differ. The error gives the first place that cannot be read, or says that a text is over the
 * bounds.
 */
export function parseShell(text: string): Result<ParsedScript, ShellError> {
  if (text.length > MAX_LENGTH)
    return err({ message: `more than ${MAX_LENGTH} characters of shell`, offset: 0 });
  if (text.split('<<').length > MAX_HEREDOCS)
    return err({ message: `more than ${MAX_HEREDOCS} here-documents`, offset: 0 });
  try {
    // Authors mean a blank by a carriage return before a line end; offsets stay.
    const tree = parse(text.replace(/\r(?=\n|$)/g, ' '));
    const error = errorIn(tree, 0);
    return error === undefined ? ok(tree) : err(error);
  } catch (thrown) {
    // The parser's own bound on nesting is higher than a small stack.
    if (thrown instanceof RangeError) return err({ message: TOO_DEEP, offset: 0 });
    throw thrown;
  }
}

/** A substitution, and where it is written. */
interface Substitution {
  readonly script: ParsedScript;
  readonly at: SyntaxNode;
}

/** The substitutions in parts of a command, those in arguments and arithmetic too, in order. */
export function substitutionsIn(nodes: readonly SyntaxNode[]): readonly Substitution[] {
  const found: Substitution[] = [];
  const walk = (node: SyntaxNode): void => {
    if ('script' in node && node.script !== undefined)
      found.push({ script: node.script, at: node });
    else forEachChild(node, walk);
  };
  nodes.forEach(walk);
  return found;
}

type CommandOf<T> = Extract<CommandNode, { readonly type: T }>;

export function isRedirection(node: SyntaxNode): node is Redirection {
  return /^(?:Redirect|HereString|HereDoc)$/.test(node.type);
}

export function statement(command: CommandNode, background?: boolean): Statement {
  const { pos, end } = command;
  return { type: 'Statement', command, background, pos, end };
}

export function subshell(commands: readonly Statement[], { pos, end }: SyntaxNode): CommandNode {
  return { type: 'Subshell', body: { type: 'CompoundList', commands, pos, end }, pos, end };
}

/** True where the part after `||` ends the script by a failure: `exit 1`, `{ …; exit 1; }`. */
export function fails(node: Statement['command'] | undefined): boolean {
  if (node?.type === 'BraceGroup') {
    const inner = node.body.commands;
    const last = inner.at(-1)?.command;
    // `exit` alone gives the status of what stands before it.
    const isTold =
      inner.length === 1 || (last?.type === 'Command' && wordsBehind(last).length === 1);
    const isPlain = ({ type }: SyntaxNode, at: number): boolean =>
      type !== 'AndOr' && (at === inner.length - 1 || isNoEnd(inner[at]?.command));
    return (
      isTold &&
      inner.every(({ command, background }, at) => background !== true && isPlain(command, at)) &&
      fails(last)
    );
  }
  if (node?.type !== 'Command' || node.name?.text !== 'exit') return false;
  const [status, ...rest] = wordsBehind(node);
  const isSet = node.prefix.some(({ type }) => type === 'Assignment');
  const isFailure = status === undefined || /^(?:[1-9]\d?|\$\?)$/.test(status.text);
  return !isSet && rest.length === 0 && isFailure;
}

function isNoEnd(node: Statement['command'] | undefined): boolean {
  if (node?.type === 'Pipeline') return node.commands.every(isNoEnd);
  return node?.type === 'Command' && !/^(?:exit|return|exec|break)$/.test(node.name?.text ?? '');
}

export function wordsBehind({ suffix }: CommandOf<'Command'>): CommandOf<'Command'>['args'] {
  return suffix.filter((one) => !isRedirection(one));
}
