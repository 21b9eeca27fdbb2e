import { analyseDockerfile } from '../../dockerfile/analyse-dockerfile.ts';
import { ignoreComments } from '../../dockerfile/ignore-comments.ts';
import type { BuildContext } from '../../model/build-context.ts';
import type { DeclarationsFact } from '../../model/facts.ts';
import { LINT_LEVELS, type LintedFile, type LintFinding } from '../../model/lint.ts';
import { byCodeUnit } from '../../model/order.ts';
import { stageChain } from '../../model/stage-chain.ts';
import { CHECKED_RULES } from '../../rules/lints.ts';
import { PARSE_ERROR } from '../../rules/shared/lint/file-rules.ts';
import type { CheckedRule, LintInput, RuleFinding } from '../../rules/shared/lint/rule.ts';
import { maskDockerfile } from '../mask-dockerfile.ts';
import { takeBack } from './lint-ignored.ts';
import { isReached, stageAt, withinFile } from './lint-places.ts';

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

/** What is wrong with a Dockerfile, found without building it. Never throws; a file that is none has the one finding that says so. */
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
