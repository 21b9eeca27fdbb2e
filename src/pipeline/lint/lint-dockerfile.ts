import { ignoreComments } from '../../dockerfile/ignore-comments.ts';
import { analyseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import type { BuildContext } from '../../model/build-context.ts';
import type { DeclarationsFact } from '../../model/facts.ts';
import { LINT_LEVELS, type LintedFile, type LintFinding } from '../../model/lint.ts';
import { stageChain } from '../../model/stage-chain.ts';
import { IMAGE_CHECKS, OWN_RULES } from '../../rules/lints.ts';
import { PARSE_ERROR } from '../../rules/shared/lint/file-rules.ts';
import type { LintInput, RuleFinding } from '../../rules/shared/lint/rule.ts';
import { LINT_RULES } from './lint-catalogue.ts';
import { criteriaFindings } from './lint-criteria.ts';
import { takeBack } from './lint-ignored.ts';
import { LINT_KNOWLEDGE } from './lint-knowledge.ts';
import { isReached, narrowed, stageAt } from './lint-places.ts';
import { maskDockerfile } from './mask-dockerfile.ts';

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

type Named = RuleFinding & { readonly rule: string };

function found(input: LintInput, declarations: DeclarationsFact): readonly Named[] {
  const own = OWN_RULES.flatMap(({ id, check }) => check(input).map((f) => ({ ...f, rule: id })));
  const shown = Object.entries(IMAGE_CHECKS).flatMap(([id, check]) =>
    check(input).map((f) => ({ ...f, rule: id })),
  );
  return [...criteriaFindings(input, declarations), ...shown, ...own];
}

function placed(
  { rule, range, message, word, severity }: Named,
  { model }: LintInput,
  lines: readonly string[],
): LintFinding {
  const known = LINT_RULES.find(({ id }) => id === rule);
  const stage = stageAt(model, range.startLine);
  return {
    rule,
    severity: severity ?? known?.level ?? 'warning',
    range: narrowed(range, word, lines),
    message,
    ...(known === undefined ? {} : { remedy: known.remedy }),
    ...(stage === undefined ? {} : { stage }),
  };
}

function inOrder(a: LintFinding, b: LintFinding): number {
  return (
    a.range.startLine - b.range.startLine ||
    LINT_LEVELS.indexOf(a.severity) - LINT_LEVELS.indexOf(b.severity) ||
    a.range.startColumn - b.range.startColumn ||
    (a.rule < b.rule ? -1 : Number(a.rule > b.rule))
  );
}

/** What one line says twice is said once. */
function distinct(findings: readonly LintFinding[]): readonly LintFinding[] {
  const key = ({ rule, range, message }: LintFinding): string =>
    `${rule} ${range.startLine}:${range.startColumn} ${message}`;
  return [...new Map(findings.map((one) => [key(one), one])).values()];
}

/** What is wrong with a Dockerfile, told without building it. Never throws; a file that is none has the one finding that says so. */
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
    const finding = { rule: id, severity: level, range: narrowed(at, undefined, lines), message };
    return {
      name,
      lines: shownLines(lines, text),
      parsed: false,
      findings: [finding],
      ignored: [],
    };
  }
  const { model } = read.value;
  const input: LintInput = {
    ...read.value,
    stages: model.stages.filter(({ index }) => model.reached.includes(index)),
    finalStages: stageChain(model),
    knowledge: LINT_KNOWLEDGE,
  };
  const all = found(input, declarations).map((one) => placed(one, input, lines));
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
