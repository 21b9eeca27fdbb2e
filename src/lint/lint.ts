import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  bakeJobs,
  COMPOSE_FILES,
  dockerfileOf,
  jobWords,
  parseBakeDefinition,
  printBake,
} from '../build/bake-definition.ts';
import { parseBuildArgs } from '../build/command-line.ts';
import { isAddress } from '../build/shown-command.ts';
import { lastValueOf, valuesOf } from '../cli/flag-table.ts';
import { CHECKED_RULES, LINT_RULES } from '../criteria/catalogue.ts';
import {
  type CheckedRule,
  IGNORE_COMMENT,
  type LintInput,
  PARSE_ERROR,
  type RuleFinding,
} from '../criteria/lint-rule.ts';
import {
  analyseDockerfile,
  type IgnoreComment,
  ignoreComments,
} from '../dockerfile/analyse-dockerfile.ts';
import { maskDockerfile } from '../fix/mask-dockerfile.ts';
import { givenDockerfile, readGivenDockerfile } from '../grade/grade-build.ts';
import { wholeStream } from '../lib/bytes.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  assignments,
  type BuildContext,
  type DockerfileModel,
  type SourceRange,
  type Stage,
  stageChain,
} from '../model/dockerfile.ts';
import type { DeclarationsFact } from '../model/facts.ts';
import {
  type IgnoredFinding,
  LINT_LEVELS,
  type LintedFile,
  type LintFinding,
} from '../model/fix.ts';
import type { Settings } from '../model/settings.ts';

/** `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, and the same of `Containerfile`. */
const NAMED =
  /^(?:[Dd]ockerfile|[Cc]ontainerfile|(?:Docker|Container)file\.[\w.-]+|[\w.-]+\.(?:[Dd]ocker|[Cc]ontainer)file)$/;
/** Named like a Dockerfile but not one: ignore files, texts, and templates that generate one. */
const NO_DOCKERFILE =
  /\.(?:dockerignore|containerignore|md|txt|bak|orig|swp|json|ya?ml|sh|template|tmpl|tpl|j2|jinja2?|erb|in|mustache|hbs|gotmpl|m4)$/i;
const NOT_OURS = new Set(['node_modules', 'vendor']);
const DEEPEST = 16;
const MOST_ENTRIES = 100_000;

export function isDockerfileName(name: string): boolean {
  return NAMED.test(name) && !NO_DOCKERFILE.test(name);
}

/**
 * The Dockerfiles that a user's path means: itself, or those in a folder, sorted. Links, hidden
 * folders and dependencies are not followed. Throws UserError where the path cannot be read, or the
 * folder is too large to search.
 */
export async function findDockerfiles(cwd: string, path: string): Promise<readonly string[]> {
  const found: string[] = [];
  let left = MOST_ENTRIES;
  const search = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(resolve(cwd, folder), { withFileTypes: true });
    left -= entries.length;
    if (left < 0) throw new Error(`more than ${MOST_ENTRIES} entries; name the Dockerfiles`);
    for (const entry of entries) {
      const at = folder === '.' ? entry.name : join(folder, entry.name);
      if (entry.isFile() && isDockerfileName(entry.name)) found.push(at);
      const own = !entry.name.startsWith('.') && !NOT_OURS.has(entry.name);
      if (entry.isDirectory() && own && depth < DEEPEST) await search(at, depth + 1);
    }
  };
  try {
    if (!(await stat(resolve(cwd, path))).isDirectory()) return [path];
    await search(path, 0);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isMissing ? 'no such file' : messageOf(cause);
    throw new UserError(`${path} cannot be read: ${why}`, { cause });
  }
  return found.sort();
}

/** A Dockerfile to check, with what a build would get beside it. */
export interface LintRequest {
  readonly name: string;
  readonly text: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Named contexts, where a definition gives them: what they name is not an image. */
  readonly buildContexts?: Readonly<Record<string, string>> | undefined;
  readonly declarations: DeclarationsFact;
  /** The build context, where it is at hand: scripts and lock files of it are read. */
  readonly context?: BuildContext | undefined;
}

/** Build arguments of the most common machine, where the user sets none. */
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
  const at = stageAt(model, range.startLine);
  const stage = at && (at.name ?? String(at.index));
  const place = withinFile(range, lines);
  return { rule: id, severity, range: place, message, remedy, ...given({ stage }) };
}

function inOrder(a: LintFinding, b: LintFinding): number {
  return (
    a.range.startLine - b.range.startLine ||
    LINT_LEVELS.indexOf(a.severity) - LINT_LEVELS.indexOf(b.severity) ||
    a.range.startColumn - b.range.startColumn ||
    byCodeUnit(a.rule, b.rule)
  );
}

/** Drops findings that a line has twice. */
function distinct(findings: readonly LintFinding[]): readonly LintFinding[] {
  const key = ({ rule, range, message }: LintFinding): string =>
    `${rule} ${range.startLine}:${range.startColumn} ${message}`;
  return [...new Map(findings.map((one) => [key(one), one])).values()];
}

export function readToLint({ text, buildArgs = {}, target, buildContexts, context }: LintRequest) {
  const options = { buildArgs, platformArgs: PLATFORM_ARGS, ...given({ target, buildContexts }) };
  return analyseDockerfile(text, options, context);
}

/** A Dockerfile's problems, without a build. Never throws: an invalid file has that one finding. */
export function lintDockerfile(request: LintRequest, read = readToLint(request)): LintedFile {
  const { name, text, context, declarations } = request;
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
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
  const { findings, ignored } = takeBack(distinct(all), ignoreComments(text), ({ lines }) => {
    const stage = stageAt(model, lines?.first ?? 1);
    return stage === undefined || model.reached.includes(stage.index);
  });
  const sorted = [...findings].sort(inOrder);
  return { name, lines: shownLines(lines, text), parsed: true, findings: sorted, ignored };
}

/** The lines as reports may show them: secrets in them are masked. */
function shownLines(lines: readonly string[], text: string): readonly string[] {
  const masked = maskDockerfile(text).split(/\r?\n/);
  // A key of several lines becomes one: each is then masked alone.
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

/** The stage that a line is in; undefined before the first. */
function stageAt(model: DockerfileModel, line: number): Stage | undefined {
  return model.stages.findLast(({ range }) => range.startLine <= line);
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
const RULE_IDS = new Set(LINT_RULES.map(({ id }) => id).filter((id) => id !== IGNORE_COMMENT.id));

/** What is wrong with a comment itself. */
function formOf(comment: IgnoreComment): readonly LintFinding[] {
  const { ids, reason } = comment;
  if (ids.length === 0)
    return [finding(comment, 'it does not name a rule: # scoville: ignore=ID reason')];
  const strange = ids.filter((id) => !RULE_IDS.has(id)).slice(0, MOST_STRANGE);
  return [
    ...(reason === '' ? ['it does not give a reason, so it takes nothing back'] : []),
    ...strange.map((id) => `${id} is not a rule that can be ignored`),
  ].map((message) => finding(comment, message));
}

/**
 * Removes what comments with a reason ignore, and reports comments that do not do what they seem
 * to. `mayBeUnused` says where a comment without effect is one: not in stages that were not
 * checked.
 */
function takeBack(
  findings: readonly LintFinding[],
  comments: readonly IgnoreComment[],
  mayBeUnused: (comment: IgnoreComment) => boolean,
): Pick<LintedFile, 'findings' | 'ignored'> {
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
  const unused = comments
    .filter((one) => one.reason !== '' && mayBeUnused(one))
    .flatMap((comment) =>
      [...new Set(comment.ids)]
        .filter((id) => RULE_IDS.has(id) && !used.has(`${comment.range.startLine} ${id}`))
        .map((id) => finding(comment, `${id} finds nothing here: the comment is not needed`)),
    );
  return { findings: [...left, ...comments.flatMap(formOf), ...unused], ignored };
}

const LARGEST_INPUT = 1024 * 1024;

interface LintFilesOptions {
  readonly cwd: string;
  /** `--build-arg`, NAME=VALUE. */
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  /** The build context, absolute; the Dockerfile's folder where none is named. */
  readonly contextFolder?: string;
  readonly inline?: string;
  readonly buildContexts?: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function declared({
  settings,
  now,
}: Pick<LintFilesOptions, 'settings' | 'now'>): DeclarationsFact {
  return {
    secrets: settings.secrets.use,
    secretFiles: settings.secrets.files,
    trustedImages: settings.trust.images,
    maxAgeDays: settings.recentDays,
    now,
  };
}

async function readInput(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await wholeStream(stdin, LARGEST_INPUT);
  if (bytes === undefined) throw new UserError('the Dockerfile on stdin is larger than 1 MiB');
  return bytes.toString('utf8');
}

/**
 * Lints one Dockerfile by its path, or stdin by `-`. Files of its folder are read where it runs
 * them or installs by them. Throws UserError where it cannot be read.
 */
export async function lintFile(path: string, options: LintFilesOptions): Promise<LintedFile> {
  const { cwd, stdin } = options;
  const inline = path === '-' ? await readInput(stdin) : options.inline;
  const file =
    inline === undefined
      ? await readGivenDockerfile(cwd, path, options)
      : givenDockerfile(path, inline, options);
  return lintDockerfile({ ...file, declarations: declared(options) });
}

/** A Dockerfile as a target of a definition builds it. */
export interface BakedDockerfile {
  /** From the working folder. Of a Dockerfile inside the definition: the definition and target. */
  readonly path: string;
  /** Its text, where the definition has it. */
  readonly inline?: string;
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly buildContexts: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly contextFolder: string;
}

/** True if a file is a definition of bake or compose by its name, as docker finds it. */
export function isDefinition(path: string): boolean {
  const name = basename(path);
  return (
    COMPOSE_FILES.includes(name) ||
    /\.hcl$/i.test(name) ||
    /^(?:docker-)?(?:compose|bake)\..*(?:ya?ml|json)$/i.test(name)
  );
}

/**
 * What the targets of a definition build, each Dockerfile once for the arguments and the stage that
 * it is built with; as `docker buildx bake` resolves it, which has to be there. Throws UserError in
 * its words.
 */
export async function bakedDockerfiles(
  { run, cwd, signal, env }: Pick<PipelineContext, 'run' | 'cwd' | 'signal' | 'env'>,
  path: string,
): Promise<readonly BakedDockerfile[]> {
  await requireFewAliases(resolve(cwd, path), path);
  const text = await printBake(run, ['--file', path], { cwd, signal });
  const definition = parseBakeDefinition(text);
  if (!definition.ok) throw new UserError(`${path}: ${definition.error}`);
  const jobs = bakeJobs(definition.value);
  if (!jobs.ok) throw new UserError(`${path}: ${jobs.error}`);
  const found = new Map<string, BakedDockerfile>();
  for (const job of jobs.value) {
    const parsed = parseBuildArgs(jobWords(job, new Map()), env);
    if (!parsed.ok || parsed.value.kind === 'help') continue;
    const { name, inline } = job.target;
    const file = dockerfileOf(job.target);
    // What lies elsewhere is not fetched to be linted.
    if (inline === undefined && (isAddress(file) || isAddress(parsed.value.context))) continue;
    const one: BakedDockerfile = {
      path: inline === undefined ? file : `${path}#${name}`,
      ...given({ inline }),
      buildArgs: valuesOf(parsed.value, 'build-arg'),
      target: lastValueOf(parsed.value, 'target'),
      buildContexts: assignments(valuesOf(parsed.value, 'build-context')),
      contextFolder: resolve(cwd, parsed.value.context),
    };
    found.set(JSON.stringify(one), one);
  }
  return [...found.values()];
}

const LARGEST = 16 * 1024 * 1024;
const MOST_ALIASES = 10_000;

/**
 * Aliases within aliases unfold without end in buildx, which takes all memory before its time is
 * over. Throws UserError; whatever else is wrong with the file, buildx says in its own words.
 */
async function requireFewAliases(file: string, shown: string): Promise<void> {
  if (!/\.ya?ml$/i.test(file)) return;
  const { parseAllDocuments } = await import('yaml');
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > LARGEST) return;
    const text = await readFile(file, 'utf8');
    for (const document of parseAllDocuments(text, { logLevel: 'silent' }))
      if ('toJS' in document) document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError) throw new UserError(`${shown}: ${error.message}`);
  }
}
