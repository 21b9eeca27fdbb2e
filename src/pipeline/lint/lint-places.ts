import type { DockerfileModel, SourceRange } from '../../model/dockerfile.ts';

/** A range that begins on a character of a line that is there. */
export function withinFile(range: SourceRange, lines: readonly string[]): SourceRange {
  const line = lines[range.startLine - 1] ?? '';
  const indent = line.length - line.trimStart().length + 1;
  const startColumn = range.startColumn === 1 ? Math.max(1, indent) : range.startColumn;
  const last = lines[range.endLine - 1] ?? '';
  const empty = range.endLine === range.startLine && range.endColumn <= startColumn;
  const endColumn = empty || range.endColumn === 1 ? last.trimEnd().length + 1 : range.endColumn;
  return { ...range, startColumn, endColumn: Math.max(1, endColumn) };
}

/** Name or number of the stage that a line is in; undefined before the first. */
export function stageAt(model: DockerfileModel, line: number): string | undefined {
  const stage = model.stages.findLast(({ range }) => range.startLine <= line);
  return stage && (stage.name ?? String(stage.index));
}

/** True where the target reaches the stage that a line is in. */
export function isReached(model: DockerfileModel, line: number): boolean {
  const stage = model.stages.findLast(({ range }) => range.startLine <= line);
  return stage === undefined || model.reached.includes(stage.index);
}
