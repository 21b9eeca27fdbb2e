import { analyseDockerfile } from '../../dockerfile/analyse-dockerfile.ts';
import { ignoreComments, type IgnoreComment } from '../../dockerfile/ignore-comments.ts';
import type { BuildContext } from '../../model/build-context.ts';
import type { DockerfileModel, SourceRange } from '../../model/dockerfile.ts';
import type { DeclarationsFact } from '../../model/facts.ts';
import {
  LINT_LEVELS,
  type LintedFile,
  type LintFinding,
  type IgnoredFinding,
} from '../../model/lint.ts';
import { byCodeUnit } from '../../model/order.ts';
import { stageChain } from '../../model/stage-chain.ts';
import { CHECKED_RULES, LINT_RULES } from '../../rules/lints.ts';
import { PARSE_ERROR, IGNORE_COMMENT } from '../../rules/shared/lint/file-rules.ts';
import type { CheckedRule, LintInput, RuleFinding } from '../../rules/shared/lint/rule.ts';
import { maskDockerfile } from '../mask-dockerfile.ts';

/** A Dockerfile to look at, with what a build would be given beside it. */
export interface LintRequest {
  readonly name: string;
  readonly text: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly declarations: DeclarationsFact;
  /** The build context, where it is at hand: scripts and lock files of it are read. */
  readonly context?: BuildContext | undefined;
}

/** What a build on the most usual machine would be given, where the user says nothing else. */
const PLATFORM_ARGS = Object.fromEntries(
  ['BUILD', 'TARGET'].flatMap((side) => [
    [`${side}PLATFORM`, 'linux/amd64'],
    [`${side}OS`, 'linux'],
    [`${side}ARCH`, 'amd64'],
  ]),
);

function placed(
  { id, level, remedy }: CheckedRule,
  { range, message, severity = level }: RuleFinding,
  { model }: LintInput,
  lines: readonly string[],
): LintFinding {
  const stage = stageAt(model, range.startLine);
  return {
    rule: id,
    severity,
    range: withinFile(range, lines),
    message,
    remedy,
    ...(stage === undefined ? {} : { stage }),
  };
}

function inOrder(a: LintFinding, b: LintFinding): number {
  return (
    a.range.startLine - b.range.startLine ||
    LINT_LEVELS.indexOf(a.severity) - LINT_LEVELS.indexOf(b.severity) ||
    a.range.startColumn - b.range.startColumn ||
    byCodeUnit(a.rule, b.rule)
  );
}

/** What one line says twice is said once. */
function distinct(findings: readonly LintFinding[]): readonly LintFinding[] {
  const key = ({ rule, range, message }: LintFinding): string =>
    `${rule} ${range.startLine}:${range.startColumn} ${message}`;
  return [...new Map(findings.map((one) => [key(one), one])).values()];
}

/** A Dockerfile's problems, without a build. Never throws: an invalid file has that one finding. */
export function lintDockerfile(request: LintRequest): LintedFile {
  const { name, text, buildArgs = {}, target, context, declarations } = request;
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const options = {
    buildArgs,
    platformArgs: PLATFORM_ARGS,
    ...(target === undefined ? {} : { target }),
  };
  const read = analyseDockerfile(text, options, context);
  if (!read.ok) {
    const { message, line } = read.error;
    const at = { startLine: line, startColumn: 1, endLine: line, endColumn: 1 };
    const { id, level } = PARSE_ERROR;
    const finding = { rule: id, severity: level, range: withinFile(at, lines), message };
    return {
      name,
      lines: shownLines(lines, text),
      parsed: false,
      findings: [finding],
      ignored: [],
    };
  }
  const { model, analysis, left } = read.value;
  const input: LintInput = {
    model,
    analysis,
    left: left(),
    context,
    stages: model.stages.filter(({ index }) => model.reached.includes(index)),
    finalStages: stageChain(model),
    declarations,
  };
  const all = CHECKED_RULES.flatMap((rule) =>
    rule.check(input).map((found) => placed(rule, found, input, lines)),
  );
  const { findings, ignored } = takeBack(distinct(all), ignoreComments(text), (comment) =>
    isReached(model, comment.lines?.first ?? 1),
  );
  return {
    name,
    lines: shownLines(lines, text),
    parsed: true,
    findings: [...findings].sort(inOrder),
    ignored,
  };
}

/** The lines as reports may show them: a secret that stands in one is masked. */
function shownLines(lines: readonly string[], text: string): readonly string[] {
  const masked = maskDockerfile(text).split(/\r?\n/);
  // A key of several lines becomes one: each is then masked by itself.
  return masked.length === lines.length ? masked : lines.map(maskDockerfile);
}

/** A range that begins on a character of a line that is there. */
function withinFile(range: SourceRange, lines: readonly string[]): SourceRange {
  const line = lines[range.startLine - 1] ?? '';
  const indent = line.length - line.trimStart().length + 1;
  const startColumn = range.startColumn === 1 ? Math.max(1, indent) : range.startColumn;
  const last = lines[range.endLine - 1] ?? '';
  const empty = range.endLine === range.startLine && range.endColumn <= startColumn;
  const endColumn = empty || range.endColumn === 1 ? last.trimEnd().length + 1 : range.endColumn;
  return { ...range, startColumn, endColumn: Math.max(1, endColumn) };
}

/** Name or number of the stage that a line is in; undefined before the first. */
function stageAt(model: DockerfileModel, line: number): string | undefined {
  const stage = model.stages.findLast(({ range }) => range.startLine <= line);
  return stage && (stage.name ?? String(stage.index));
}

/** True where the target reaches the stage that a line is in. */
function isReached(model: DockerfileModel, line: number): boolean {
  const stage = model.stages.findLast(({ range }) => range.startLine <= line);
  return stage === undefined || model.reached.includes(stage.index);
}

interface Sorted {
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

function finding(comment: IgnoreComment, message: string): LintFinding {
  const { id, level, remedy } = IGNORE_COMMENT;
  return { rule: id, severity: level, range: comment.range, message, remedy };
}

function isUnder({ lines }: IgnoreComment, { range }: LintFinding): boolean {
  return lines === undefined || (range.startLine >= lines.first && range.startLine <= lines.last);
}

/** Each is shown with its line. */
const MOST_STRANGE = 20;

/** What is wrong with a comment itself. */
function formOf(comment: IgnoreComment): readonly LintFinding[] {
  const { ids, reason } = comment;
  if (ids.length === 0)
    return [finding(comment, 'it does not name a rule: # scoville: ignore=ID reason')];
  const rules = new Set(LINT_RULES.map(({ id }) => id));
  const strange = ids
    .filter((id) => !rules.has(id) || id === IGNORE_COMMENT.id)
    .slice(0, MOST_STRANGE);
  return [
    ...(reason === ''
      ? [finding(comment, 'it does not give a reason, so it takes nothing back')]
      : []),
    ...strange.map((id) => finding(comment, `${id} is not a rule that can be ignored`)),
  ];
}

/**
 * Takes back what comments with a reason ignore, and tells of comments that do not do what they
 * seem to. `mayBeUnused` says where a comment without effect is one: not in stages that were not
 * checked.
 */
function takeBack(
  findings: readonly LintFinding[],
  comments: readonly IgnoreComment[],
  mayBeUnused: (comment: IgnoreComment) => boolean,
): Sorted {
  const used = new Set<string>();
  const ignored: IgnoredFinding[] = [];
  const left = findings.filter((finding) => {
    const comment = comments.find(
      (one) => one.reason !== '' && one.ids.includes(finding.rule) && isUnder(one, finding),
    );
    if (comment === undefined) return true;
    used.add(`${comment.range.startLine} ${finding.rule}`);
    ignored.push({ ...finding, reason: comment.reason });
    return false;
  });
  const rules = new Set(LINT_RULES.map(({ id }) => id));
  const unused = comments
    .filter((one) => one.reason !== '' && mayBeUnused(one))
    .flatMap((comment) =>
      [...new Set(comment.ids)]
        .filter((id) => rules.has(id) && id !== IGNORE_COMMENT.id)
        .filter((id) => !used.has(`${comment.range.startLine} ${id}`))
        .map((id) => finding(comment, `${id} finds nothing here: the comment is not needed`)),
    );
  return { findings: [...left, ...comments.flatMap(formOf), ...unused], ignored };
}
