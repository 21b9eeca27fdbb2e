import type { SourceRange } from '../model/dockerfile.ts';
import { parseDirectives } from './directives.ts';
import { logicalLines } from './logical-lines.ts';

/** A `# scoville: ignore=ID[,ID] reason` comment. */
export interface IgnoreComment {
  readonly range: SourceRange;
  readonly ids: readonly string[];
  /** '' where none is given: then it takes nothing back. */
  readonly reason: string;
  /** The lines it holds for; undefined for the whole file. */
  readonly lines: { readonly first: number; readonly last: number } | undefined;
}

const COMMENT = /^\s*#\s*scoville\s*:\s*ignore\b\s*=?([\w.-]*(?:,[ \t]*[\w.-]+)*)[ \t]*(.*)/is;
const DIRECTIVE = /^\s*#[ \t]*(?:syntax|escape|check)[ \t]*=/i;

/** First line, counted from 0, that is no parser directive. */
function firstLine(lines: readonly string[]): number {
  let first = lines[0]?.startsWith('#!') === true ? 1 : 0;
  while (DIRECTIVE.test(lines[first] ?? '')) first += 1;
  return first;
}

/**
 * The ignore comments of a Dockerfile. One on the first line (parser directives aside) holds for
 * the file, one inside an instruction for that, any other for the instruction that follows.
 */
export function ignoreComments(text: string): readonly IgnoreComment[] {
  const source = text.replace(/^\uFEFF/, '');
  const lines = source.split('\n').map((line) => line.replace(/\r$/, ''));
  if (!lines.some((line) => COMMENT.test(line))) return [];
  const first = firstLine(lines);
  const ranges = logicalLines(source, parseDirectives(source).escape).lines.map((l) => l.range);
  return lines.flatMap((line, index): readonly IgnoreComment[] => {
    const found = COMMENT.exec(line);
    if (found === null) return [];
    const own = index + 1;
    const startColumn = line.length - line.trimStart().length + 1;
    const target = ranges.find(({ endLine }) => endLine >= own);
    const holds = target && { first: target.startLine, last: target.endLine };
    return [
      {
        range: { startLine: own, startColumn, endLine: own, endColumn: line.trimEnd().length + 1 },
        ids: [...new Set((found[1] ?? '').split(/,[ \t]*/))].filter((id) => id !== ''),
        reason: (found[2] ?? '').replace(/^[-:\s]+/, '').trim(),
        lines: index === first ? undefined : (holds ?? { first: own, last: own }),
      },
    ];
  });
}
