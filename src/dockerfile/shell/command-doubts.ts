import { IGNORED, type Ignored } from './failure.ts';
import type { Field } from './fields.ts';
import { type ShellState, UNRUN } from './shell-state.ts';
import type { Simple } from './syntax-tree.ts';
import { programOf, type Unwrapped } from './wrappers.ts';

/** Why it is not sure what a command does, or that its failure is seen. */
export function doubtOf(command: Simple, { argv }: Unwrapped, state: ShellState): Ignored {
  if (state.trapped) return IGNORED.trapped;
  const { replaced } = state;
  if (replaced.has(UNRUN)) return IGNORED.unrun;
  if (replaced.has('*') || replaced.has(programOf(argv))) return IGNORED.replaced;
  if (state.bash) return undefined;
  // dash takes `&>` for `&` and `>`, `[[` for the name of a program.
  const differs =
    programOf(argv) === '[[' || command.redirects.some((r) => r.operator.startsWith('&>'));
  return differs ? IGNORED.dialect : undefined;
}

const ENDS = /\b(?:exit|return|exec|kill|eval|source)\b|(?:^|[;&|\s])\.\s/;

/** True where the text of a trap may end the script with success. */
export function mayEndWell({ text, constant }: Field, { functions }: ShellState): boolean {
  const calls = text.split(/[^\w-]+/).some((word) => functions.has(word));
  return !constant || calls || ENDS.test(text);
}
