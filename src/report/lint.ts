import picocolors from 'picocolors';
import { quantity } from '../lib/text.ts';
import type { IgnoredFinding, LintedFile, LintFinding, LintLevel, LintRule } from '../model/fix.ts';
import { fingerprint, sarifLog, sarifMessage, sarifName, sarifPrints, uriOf } from './sarif.ts';
import { fitted, textWidth } from './text-width.ts';
import { shownText, jsonText, shortened } from './text.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

interface LintTextOptions {
  readonly color: boolean;
  readonly unicode: boolean;
  readonly width?: number;
}

/** A source line for a terminal, with each character in its column. */
function shownLine(line: string, unicode: boolean): string {
  const mark = unicode ? '\ufffd' : '?';
  return Array.from(line, (character) =>
    character === '\t' || character === ' ' ? ' ' : shownText(character, mark),
  ).join('');
}

function colorOf(colors: Colors, level: LintLevel): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.cyan }[level];
}

/** A finding's line with the finding underlined, cut to the screen. */
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
  // A finding far to the right shifts the window.
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
  const clean = (text: string): string => shownText(text, options.unicode ? '\ufffd' : '?');
  const place = `${clean(file.name)}:${range.startLine}:${range.startColumn}`;
  const level = colorOf(colors, severity)(severity);
  return [
    `${place} ${level} ${colors.bold(rule)} ${clean(message)}`,
    ...source(finding, file.lines, colors, options),
  ];
}

/** The last line, about all files. */
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

/** Findings for people: place, level, rule and message, then the underlined line. */
export function lintText(files: readonly LintedFile[], options: LintTextOptions): string {
  const colors = picocolors.createColors(options.color);
  const blocks = files.flatMap((file) =>
    file.findings.flatMap((finding) => findingText(file, finding, colors, options)),
  );
  const rule = files.flatMap(({ findings }) => findings)[0]?.rule;
  const more = rule === undefined ? [] : [`What a rule means: scoville explain ${rule}`];
  return [...blocks, ...more, lintSummary(files), ''].join('\n');
}

/** Findings by file as JSON, with ignored ones and their reasons (schema/lint-1.json). */
export function lintJson(files: readonly LintedFile[], version: string): string {
  const report = {
    schemaVersion: '1',
    tool: { name: 'scoville', version },
    files: files.map(({ name, parsed, findings, ignored }) => ({
      name,
      parsed,
      findings,
      ignored,
    })),
  };
  return jsonText(report);
}

const LEVELS: Readonly<Record<LintLevel, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

interface LintRun {
  readonly version: string;
  readonly rules: readonly LintRule[];
}

function ruleOf({ id, title, level, help, remedy, specification }: LintRule) {
  const text = `${remedy}. ${help}`;
  return {
    ...sarifName({ id, title }),
    fullDescription: { text: help },
    help: { text, markdown: text },
    ...(specification === undefined ? {} : { helpUri: specification }),
    defaultConfiguration: { level: LEVELS[level] },
    properties: { tags: ['container', 'dockerfile'], precision: 'high' },
  };
}

/** SARIF's columns count UTF-16 units from 1, as ours do. */
function regionOf({ range }: LintFinding, lines: readonly string[]) {
  const text = lines[range.startLine - 1] ?? '';
  return {
    startLine: range.startLine,
    startColumn: Math.max(1, range.startColumn),
    endLine: Math.max(range.startLine, range.endLine),
    endColumn: Math.max(1, range.endColumn),
    ...(text === '' ? {} : { snippet: { text: shortened(text, 500) } }),
  };
}

function resultOf(
  finding: LintFinding | IgnoredFinding,
  { name, lines }: LintedFile,
  ruleIndex: number,
) {
  const uri = uriOf(name === '-' ? 'Dockerfile' : name);
  const { rule, severity, message, remedy } = finding;
  const line = lines[finding.range.startLine - 1]?.trim() ?? '';
  const print = fingerprint(rule, `${uri} ${line} ${message}`);
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: sarifMessage(remedy === undefined ? message : `${message}. ${remedy}.`),
    locations: [
      { physicalLocation: { artifactLocation: { uri }, region: regionOf(finding, lines) } },
    ],
    partialFingerprints: sarifPrints(print),
    ...('reason' in finding
      ? {
          suppressions: [
            { kind: 'inSource' as const, justification: shortened(finding.reason, 1000) },
          ],
        }
      : {}),
  };
}

/** SARIF 2.1.0, one run for all files; ignored findings are suppressed results. */
export function lintSarif(files: readonly LintedFile[], { version, rules }: LintRun): string {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const results = files.flatMap((file) =>
    [...file.findings, ...file.ignored].map((finding) =>
      resultOf(finding, file, indexes.get(finding.rule) ?? -1),
    ),
  );
  const driver = { name: 'scoville', version, semanticVersion: version, rules: rules.map(ruleOf) };
  const run = {
    tool: { driver },
    automationDetails: { id: 'scoville/lint/' },
    invocations: [{ executionSuccessful: files.every(({ parsed }) => parsed) }],
    results,
    columnKind: 'utf16CodeUnits',
  };
  return sarifLog([run]);
}
