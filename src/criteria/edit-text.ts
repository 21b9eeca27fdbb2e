import { posix } from 'node:path';
import {
  type DockerfileSource,
  execStrings,
  type ExternalImage,
  type Instruction,
  isRootUser,
  type SourceCommand,
  type SourceInstruction,
  type SourceRange,
  type SourceWord,
  type Span,
  stageChain,
  unquoted,
} from '../model/dockerfile.ts';
import {
  type BaseImage,
  baseKey,
  type FixInput,
  type FixPlan,
  type ProposedEdit,
  type TextEdit,
} from '../model/fix.ts';

/** An instruction of a stage that the model has read. */
export interface Placed extends SourceInstruction {
  readonly instruction: Instruction;
}

function isRead(one: SourceInstruction): one is Placed {
  return one.instruction !== undefined;
}

/** Instructions of a stage in order, FROM left out. */
export function inStage({ source }: FixInput, stage: number): readonly Placed[] {
  return source.instructions.filter((one) => one.stage === stage).filter(isRead);
}

/** Instructions that make up the image, base first. */
export function inImage(input: FixInput): readonly Placed[] {
  return input.imageStages.flatMap((stage) => inStage(input, stage));
}

export function lastInImage(input: FixInput, keyword: string): Placed | undefined {
  return inImage(input).findLast((one) => one.keyword === keyword);
}

export function fromOf({ source }: FixInput, stage: number): SourceInstruction | undefined {
  return source.instructions.find((one) => one.keyword === 'FROM' && one.stage === stage);
}

/** The target's base from outside, as the Dockerfile names it. */
export function outsideBase({
  model,
  imageStages,
}: Pick<FixInput, 'model' | 'imageStages'>): ExternalImage | undefined {
  const base = model.stages[imageStages[0] ?? 0]?.base;
  return base?.kind === 'image' ? base.image : undefined;
}

/** Last part of that image's name; '' where it is not known. */
export function baseName(input: Pick<FixInput, 'model' | 'imageStages'>): string {
  return posix.basename(outsideBase(input)?.reference?.repository ?? '');
}

export function installedByApt({
  analysis,
  imageStages,
}: Pick<FixInput, 'analysis' | 'imageStages'>): ReadonlySet<string> {
  return new Set(
    analysis.installs
      .filter(({ manager, stage }) => manager === 'apt' && imageStages.includes(stage))
      .flatMap(({ packages }) => packages.map(({ name }) => name)),
  );
}

/** The known base image of a stage (default: the target); undefined if nothing is known of it. */
export function baseOfImage(input: FixInput, stage = input.model.target): BaseImage | undefined {
  const base = stageChain(input.model, stage)[0]?.base;
  if (base?.kind !== 'image' || base.image.reference === undefined) return undefined;
  const found = input.facts.bases.get(baseKey(base.image.reference));
  return found?.ok === true ? found.value : undefined;
}

/** Why a stage's base is unknown or unusable for rules; undefined if known or if there is none. */
export function baseUnknown(input: FixInput, stage = input.model.target): string | undefined {
  const base = stageChain(input.model, stage)[0]?.base;
  if (base === undefined || base.kind === 'scratch' || base.kind === 'stage') return undefined;
  if (base.kind === 'unknown') return `the base ${base.text} is not known`;
  const { reference, text } = base.image;
  const found = reference && input.facts.bases.get(baseKey(reference));
  if (found === undefined) return `the base ${text} is not known`;
  if (!found.ok) return `the base ${text} could not be read: ${found.error}`;
  const { os } = found.value.config;
  return os === 'linux' ? undefined : `the base ${text} is of ${os}`;
}

/** The user before each instruction of a stage and its base stages; variables are not replaced. */
export function usersInImage(
  input: FixInput,
  stage = input.model.target,
): ReadonlyMap<Placed, string> {
  let user = baseOfImage(input, stage)?.config.config?.User ?? '';
  const users = new Map<Placed, string>();
  for (const one of stageChain(input.model, stage).flatMap(({ index }) => inStage(input, index))) {
    users.set(one, user);
    if (one.keyword === 'USER') user = one.instruction.arguments[0] ?? '';
  }
  return users;
}

export function isExecForm({ instruction }: Placed): boolean {
  return execStrings(instruction.rawArguments) !== undefined;
}

/** True if an instruction has comment lines inside: writing it again would lose them. */
export function hasInnerComment(
  { source }: FixInput,
  { start, textEnd }: SourceInstruction,
): boolean {
  return /\n[ \t]*#/.test(source.text.slice(start, textEnd));
}

/** The last instruction that runs as root, FROM included: one added after it runs as root too. */
export function lastAsRoot(input: FixInput): SourceInstruction | undefined {
  const target = input.model.target;
  const users = usersInImage(input);
  const own = inStage(input, target);
  const base = baseOfImage(input)?.config.config?.User ?? '';
  const before = inImage(input).filter((one) => one.stage !== target);
  const first = own[0];
  const start = first === undefined ? (before.length === 0 ? base : '') : (users.get(first) ?? '');
  let at = isRootUser(start) ? fromOf(input, target) : undefined;
  for (const one of own) {
    const after =
      one.keyword === 'USER' ? (one.instruction.arguments[0] ?? '') : (users.get(one) ?? '');
    const works = ['RUN', 'COPY', 'ADD', 'WORKDIR', 'USER'].includes(one.keyword);
    if (works && isRootUser(after)) at = one;
  }
  return at;
}

/** A command and the RUN it belongs to. */
export interface FoundCommand {
  readonly run: Placed;
  readonly command: SourceCommand;
}

/**
 * The command that begins where a range of the analysis does, or the first that fits among those of
 * the scripts in its words. Undefined where neither is found.
 */
export function commandAt(
  input: FixInput,
  stage: number,
  range: SourceRange,
  fits: (words: readonly SourceWord[]) => boolean = () => true,
): FoundCommand | undefined {
  const run = runAt(input, stage, range);
  const at =
    run?.commands.findIndex(
      ({ command: { range: own } }) =>
        own.startLine === range.startLine && own.startColumn === range.startColumn,
    ) ?? -1;
  const outer = run?.commands[at];
  if (run === undefined || outer === undefined) return undefined;
  const { depth = 0 } = outer.command;
  const behind = run.commands.slice(at + 1);
  const end = behind.findIndex(({ command }) => (command.depth ?? 0) <= depth);
  const inner = behind.slice(0, end < 0 ? undefined : end);
  return { run, command: [outer, ...inner].find(({ words }) => fits(words)) ?? outer };
}

/** The instruction that a range of the analysis is in. */
export function runAt(input: FixInput, stage: number, range: SourceRange): Placed | undefined {
  return inStage(input, stage).find(
    ({ instruction: { range: own } }) =>
      own.startLine <= range.startLine && own.endLine >= range.endLine,
  );
}

/** Why nothing can be added to the end of a RUN's shell; undefined where it can. */
export function endObstacle(run: Placed): string | undefined {
  const { instruction, commands, scriptEnd } = run;
  if (instruction.shellError !== undefined) return instruction.shellError;
  if (scriptEnd === undefined)
    return isExecForm(run) ? 'it is in exec form' : 'its last command has no plain end';
  const last = commands.findLast(({ command }) => !command.nested);
  return last && endsShell(last);
}

/** Why nothing after a command runs; undefined where something does. */
export function endsShell({ argv, wrappers }: SourceCommand): string | undefined {
  const [program = ''] = [...wrappers, ...argv];
  return /^(?:exit|exec|return)$/.test(program) ? `nothing runs after ${program}` : undefined;
}

/** The `&&` between two commands of a RUN: on one line, or on two in the style of the RUN. */
export function joinedBy({ text, eol, escape }: DockerfileSource, run: Placed): string {
  if (isExecForm(run)) return ' && ';
  const lines = text
    .slice(run.start, run.textEnd)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  if (lines.length === 1) return ' && ';
  const trailing = lines.slice(0, -1).some((line) => /&&\s*[\\`]\s*$/.test(line));
  const own = /^\s*/.exec(lines.at(-1) ?? '')?.[0] ?? '';
  const indent = own === '' ? '    ' : own;
  return trailing ? ` && ${escape}${eol}${indent}` : ` ${escape}${eol}${indent}&& `;
}

/** Adds `&& command` after a command of a RUN, or after its last. */
export function andThen(
  source: DockerfileSource,
  run: Placed,
  command: string,
  at = run.scriptEnd ?? run.textEnd,
): TextEdit {
  const inDocument = at > run.textEnd;
  return { start: at, end: at, text: (inDocument ? ' && ' : joinedBy(source, run)) + command };
}

/** True where the words of a command are strings of a JSON array. */
function isJson({ run, command: { command } }: FoundCommand): boolean {
  return isExecForm(run) && command.depth === undefined;
}

export function wordBehind(found: FoundCommand, { end }: SourceWord, word: string): TextEdit {
  return { start: end, end, text: isJson(found) ? `, ${JSON.stringify(word)}` : ` ${word}` };
}

/** True where the RUN ends with a failure of a command, or of one added to it by `&&`. */
export function stopsOnFailure(run: Placed, { start, command }: SourceCommand): boolean {
  const own = run.commands.filter(({ command: { depth } }) => depth === undefined);
  const setsErrexit = own.some(
    ({ start: at, words }) =>
      at < start &&
      words[0]?.value === 'set' &&
      words.slice(1).some(({ value }) => /^-[A-Za-z]*e/.test(value ?? '')),
  );
  const behind = own.slice(own.findIndex((one) => one.start === start));
  if (behind.some(({ command: { operator } }) => operator === '||')) return false;
  const isLast = behind.length === 1;
  return command.operator === '&&' || (command.operator === '' && isLast) || setsErrexit
    ? behind.every(
        ({ command: { operator }, start: at }) => operator !== ';' || setsErrexit || at < start,
      )
    : false;
}

/** Puts a flag in front of the arguments of an instruction. */
export function addFlag(run: Pick<Placed, 'place' | 'argumentsAt'>, flag: string): TextEdit {
  const { start } = run.place(run.argumentsAt, run.argumentsAt + 1);
  return { start, end: start, text: `${flag} ` };
}

/** A double-quoted value for LABEL and ENV: quotes, `$` and the escape character are literal. */
export function quoted(value: string, escape: string): string {
  const bare = unquoted(value);
  const special = new Set(['"', '$', escape]);
  return `"${Array.from(bare, (c) => (special.has(c) ? `${escape}${c}` : c)).join('')}"`;
}

export function proposal(
  { line }: Pick<SourceInstruction, 'line'>,
  more: Omit<ProposedEdit, 'file' | 'line'>,
): ProposedEdit {
  return { ...more, file: 'Dockerfile', line };
}

export function proposed(
  at: Pick<SourceInstruction, 'line'>,
  more: Omit<ProposedEdit, 'file' | 'line'>,
): FixPlan {
  return { edits: [proposal(at, more)], refusals: [] };
}

/** Low, or medium for what nothing shows of this Dockerfile. */
export function riskOf(
  low: string,
  doubts: readonly string[],
): Pick<ProposedEdit, 'risk' | 'riskReason'> {
  return doubts.length === 0
    ? { risk: 'low', riskReason: low }
    : { risk: 'medium', riskReason: [...new Set(doubts)].join('; ') };
}

/** A refusal at the line of an instruction. */
export function refusal(
  { line }: Pick<SourceInstruction, 'line'>,
  reason: string,
  settle?: string,
): FixPlan['refusals'][number] {
  return { line, reason, ...(settle === undefined ? {} : { settle }) };
}

/** A plan that changes nothing, and why. */
export function refusedAt(
  at: Pick<SourceInstruction, 'line'>,
  reason: string,
  settle?: string,
): FixPlan {
  return { edits: [], refusals: [refusal(at, reason, settle)] };
}

export function together(plans: readonly FixPlan[]): FixPlan {
  return {
    edits: plans.flatMap(({ edits }) => edits),
    refusals: plans.flatMap(({ refusals }) => refusals),
  };
}

export const NOTHING: FixPlan = { edits: [], refusals: [] };

export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end < 0) return text.length;
  return text.charAt(end - 1) === '\r' && end > offset ? end - 1 : end;
}

/**
 * Adds lines behind the line in which a stretch ends. The last line of a file may end with the
 * escape character, which nothing follows; it goes, for it would take the added lines in.
 */
export function linesBehind(
  { text, eol, escape }: Pick<DockerfileSource, 'text' | 'eol' | 'escape'>,
  { end, textEnd }: Pick<SourceInstruction, 'end' | 'textEnd'>,
  lines: readonly string[],
): TextEdit {
  const at = lineEnd(text, end);
  // A here-document lies between the two and has its own end.
  const left = text.slice(textEnd, at).trim();
  return {
    start: left === escape ? textEnd : at,
    end: at,
    text: lines.map((line) => `${eol}${line}`).join(''),
  };
}

/** Adds lines in front of the line of a range's beginning, with its indentation. */
export function linesBefore(
  { eol }: { readonly eol: string },
  { start }: Pick<Span, 'start'>,
  lines: readonly string[],
): TextEdit {
  return { start, end: start, text: lines.map((line) => `${line}${eol}`).join('') };
}
