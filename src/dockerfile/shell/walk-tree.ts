import type { Command, List, Redirect, WordPart } from './syntax-tree.ts';

/** The commands in the substitutions of a word, those in arguments and arithmetic too, in order. */
function substitutionsIn(parts: readonly WordPart[]): readonly List[] {
  return parts.flatMap((part) => {
    switch (part.kind) {
      case 'literal':
        return [];
      case 'substitution':
        return [part.body];
      case 'variable':
        return substitutionsIn(part.argument);
      case 'opaque':
        return substitutionsIn(part.parts);
    }
  });
}

function inRedirects(redirects: readonly Redirect[]): readonly List[] {
  return redirects.flatMap(({ target, body }) =>
    [...target.parts, ...(body?.parts ?? [])].flatMap((part) => substitutionsIn([part])),
  );
}

/** The commands that the shell runs to know the words of a command and where its streams lead. */
export function expandedBy(command: Command): readonly List[] {
  const redirects = inRedirects(command.redirects);
  const of = (words: readonly { readonly parts: readonly WordPart[] }[]): readonly List[] => [
    ...words.flatMap(({ parts }) => substitutionsIn(parts)),
    ...redirects,
  ];
  switch (command.kind) {
    case 'simple':
      return of([...command.assignments.map(({ value }) => value), ...command.words]);
    case 'for':
      return of(command.items);
    case 'case':
      return of([command.subject, ...command.arms.flatMap(({ patterns }) => patterns)]);
    case 'if':
    case 'loop':
    case 'group':
    case 'function':
      return redirects;
  }
}

/** The lists that a compound command is made of. */
export function bodiesOf(command: Command): readonly List[] {
  switch (command.kind) {
    case 'simple':
      return [];
    case 'if':
      return [
        ...command.branches.flatMap((branch) => [branch.condition, branch.body]),
        ...(command.otherwise === undefined ? [] : [command.otherwise]),
      ];
    case 'loop':
      return [command.condition, command.body];
    case 'for':
    case 'group':
      return [command.body];
    case 'case':
      return command.arms.map(({ body }) => body);
    case 'function':
      return [
        { items: [{ pipeline: { negated: false, elements: [command.body] }, operator: '' }] },
      ];
  }
}
