import picocolors from 'picocolors';
import type { LintedFile, LintFinding, LintLevel } from '../../model/lint.ts';
import { quantity } from '../../model/quantity.ts';
import { cleanText } from '../clean-text.ts';
import { fitted, textWidth } from '../terminal/text-width.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

interface LintTextOptions {
  readonly color: boolean;
  readonly unicode: boolean;
  readonly width?: number;
}

/** A line of source that a terminal shows as one line, each character in its place. */
function shownLine(line: string, unicode: boolean): string {
  const mark = unicode ? '\ufffd' : '?';
  return Array.from(line, (character) =>
    character === '\t' || character === ' ' ? ' ' : cleanText(character, mark),
  ).join('');
}

function colorOf(colors: Colors, level: LintLevel): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.cyan }[level];
}

/** The line of a finding, with the finding underlined; cut if it is too long for the screen. */
function source(
  { range, severity }: LintFinding,
  lines: readonly string[],
  colors: Colors,
  { unicode, width = 120 }: LintTextOptions,
): string[] {
  const line = lines[range.startLine - 1];
  if (line === undefined || line.trim() === '') return [];
  const gutter = `${range.startLine}`.padStart(5);
  const room = Math.max(30, width - gutter.length - 3);
  const before = shownLine(line.slice(0, range.startColumn - 1), unicode);
  const end = range.endLine === range.startLine ? range.endColumn - 1 : line.trimEnd().length;
  const about = shownLine(line.slice(range.startColumn - 1, end), unicode);
  const after = shownLine(line.slice(end), unicode);
  // What stands far to the right is shown from there.
  const far = textWidth(before) + 10 > room;
  const lead = far ? '... ' : before;
  const text = fitted(lead + about + after, room, '...');
  const marks = Math.max(1, Math.min(textWidth(about), room - textWidth(lead)));
  const bar = colors.dim('|');
  return [
    `${colors.dim(gutter)} ${bar} ${text}`.trimEnd(),
    `${' '.repeat(gutter.length)} ${bar} ${' '.repeat(textWidth(lead))}${colorOf(colors, severity)('^'.repeat(marks))}`,
  ];
}

function findingText(
  file: LintedFile,
  finding: LintFinding,
  colors: Colors,
  options: LintTextOptions,
): string[] {
  const { rule, severity, range, message } = finding;
  const clean = (text: string): string => cleanText(text, options.unicode ? '\ufffd' : '?');
  const place = `${clean(file.name)}:${range.startLine}:${range.startColumn}`;
  const level = colorOf(colors, severity)(severity);
  return [
    `${place} ${level} ${colors.bold(rule)} ${clean(message)}`,
    ...source(finding, file.lines, colors, options),
  ];
}

/** What the last line says of all files together. */
function lintSummary(files: readonly LintedFile[]): string {
  const all = files.flatMap(({ findings }) => findings);
  const of = (level: LintLevel): number => all.filter((one) => one.severity === level).length;
  const ignored = files.reduce((sum, one) => sum + one.ignored.length, 0);
  const found =
    all.length === 0
      ? 'nothing found'
      : `${quantity(of('error'), 'error')}, ${quantity(of('warning'), 'warning')}, ${of('info')} info`;
  const taken = ignored === 0 ? '' : `, ${ignored} ignored`;
  return `${found} in ${quantity(files.length, 'file')}${taken}`;
}

/** Findings for people: place, severity, rule and message, then the line with underlined text. */
export function lintText(files: readonly LintedFile[], options: LintTextOptions): string {
  const colors = picocolors.createColors(options.color);
  const blocks = files.flatMap((file) =>
    file.findings.flatMap((finding) => findingText(file, finding, colors, options)),
  );
  const rule = files.flatMap(({ findings }) => findings)[0]?.rule;
  const more = rule === undefined ? [] : [`What a rule means: scoville explain ${rule}`];
  return [...blocks, ...more, lintSummary(files), ''].join('\n');
}
