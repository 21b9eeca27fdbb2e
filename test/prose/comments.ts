import ts from 'typescript';
import type { Wording } from './string-literals.ts';

/** The comments of a TypeScript file, on one line each; lines of `//` in a row are one comment. */
export function comments(source: string, name = 'source.ts'): readonly Wording[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const ranges = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.JsxText) return;
    const found = [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.end) ?? []),
    ];
    for (const { pos, end } of found) ranges.set(pos, end);
    node.getChildren(file).forEach(visit);
  };
  visit(file);
  const all: { line: number; last: number; text: string }[] = [];
  for (const [pos, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const text = wordsOf(source.slice(pos, end));
    const line = file.getLineAndCharacterOfPosition(pos).line + 1;
    const before = all.at(-1);
    const isOwnLine = /(?:^|\n)[ \t]*$/.test(source.slice(0, pos));
    if (before?.last === line - 1 && isOwnLine && source.startsWith('//', pos)) {
      before.text += ` ${text}`;
      before.last = line;
    } else {
      // What stands behind code is not gone on with.
      const last = isOwnLine && source.startsWith('//', pos) ? line : -1;
      all.push({ line, last, text });
    }
  }
  return all.map(({ line, text }) => ({ line, text: text.trim() }));
}

/** Without the marks of a comment, and what only a linter reads; code in backticks is CODE. */
function wordsOf(comment: string): string {
  return comment
    .replace(/^\/\*\*?|\*\/$/g, '')
    .replace(/^[ \t]*(?:\/\/|\*) ?/gm, '')
    .replace(/^(?:eslint|prettier|@ts)-\S*(?:(?!--)[^])*(?:-- )?/, '')
    .replace(/`[^`]*`/g, 'CODE')
    .replace(/\s+/g, ' ');
}
