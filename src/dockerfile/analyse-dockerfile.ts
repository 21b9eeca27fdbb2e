import { err, ok, type Result } from '../lib/errors.ts';
import type { BuildAnalysis } from '../model/build-analysis.ts';
import {
  type BuildContext,
  type DockerfileModel,
  type DockerfileSource,
  type ExternalImage,
  type Instruction,
  readByAnother,
  type SourceCommand,
  type SourceInstruction,
  type SourceRange,
  type Span,
  type Stage,
  stageChain,
} from '../model/dockerfile.ts';
import type { LeftBehind } from '../model/facts.ts';
import type { TextEdit } from '../model/fix.ts';
import { analyseStages } from './analysis/analyse-stages.ts';
import { leadingFlags } from './instruction-words.ts';
import { argumentWords, headOf } from './instruction.ts';
import {
  type LineError,
  locate,
  type LogicalLine,
  logicalLines,
  parseDirectives,
} from './logical-lines.ts';
import {
  type DockerfileOptions,
  externalImage,
  type PlacedInstruction,
  type ReadDockerfile,
  readDockerfile,
  type ReadStage,
} from './read-dockerfile.ts';
import { reachedRefusal } from './refusals.ts';

/** Indexes of the stages that `target` needs, itself included, ascending. */
function reachedFrom(target: number, stages: readonly ReadStage[]): readonly number[] {
  const reached = new Set<number>();
  const open = [target];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    open.push(...(stages[index]?.needs ?? []));
  }
  return [...reached].sort((a, b) => a - b);
}

function targetOf(target: string | undefined, stages: readonly ReadStage[]): number | undefined {
  if (target === undefined || target === '') return stages.length - 1;
  const named = stages.findLast((stage) => stage.name === target.toLowerCase());
  if (named !== undefined) return named.index;
  return /^\d{1,4}$/.test(target) && Number(target) < stages.length ? Number(target) : undefined;
}

function plainStage(stage: ReadStage): Stage {
  return {
    index: stage.index,
    ...(stage.name === undefined ? {} : { name: stage.name }),
    base: stage.base,
    ...(stage.platform === undefined ? {} : { platform: stage.platform }),
    range: stage.range,
    instructions: stage.instructions.map((placed) => placed.instruction),
    needs: stage.needs,
  };
}

function modelOf(read: ReadDockerfile, target: number): DockerfileModel {
  const { directives, globals, stages } = read;
  const reached = reachedFrom(target, stages);
  const syntax: ExternalImage | undefined =
    directives.syntax &&
    externalImage('syntax', directives.syntax.text, true, directives.syntax.range);
  const images = reached.flatMap((index) => stages[index]?.images ?? []);
  return {
    ...(syntax === undefined ? {} : { syntax }),
    ...(read.foreignFrontend === undefined ? {} : { foreignFrontend: read.foreignFrontend }),
    escape: directives.escape,
    globalArgs: Object.fromEntries(globals),
    stages: stages.map(plainStage),
    target,
    reached,
    externalImages: syntax === undefined ? images : [syntax, ...images],
  };
}

export interface AnalysedDockerfile {
  readonly model: DockerfileModel;
  /** Made when it is first asked for: it takes longer than the model. */
  readonly analysis: BuildAnalysis;
  readonly left: () => LeftBehind;
}

/**
 * A Dockerfile as plain data: stages, instructions with ARG and ENV put in, the commands of each
 * RUN, outside images of the target, and what its stages install and download. `text` is at most 1
 * MiB. `context` gives the files of the build context (scripts, a requirements file) where the
 * caller has it; nothing is read here. The error names the line.
 */
export function analyseDockerfile(
  text: string,
  options: DockerfileOptions = {},
  context?: BuildContext,
): Result<AnalysedDockerfile, LineError> {
  const read = readDockerfile(text, options);
  return read.ok ? analyseRead(read.value, options, context) : read;
}

/** The same of a Dockerfile that was read: its instructions are those of the model. */
export function analyseRead(
  read: ReadDockerfile,
  options: DockerfileOptions,
  context: BuildContext | undefined,
): Result<AnalysedDockerfile, LineError> {
  const target = targetOf(options.target, read.stages);
  if (target === undefined)
    return err({ message: `target stage "${options.target ?? ''}" could not be found`, line: 1 });
  const model = modelOf(read, target);
  const stages = model.reached.flatMap((index) => read.stages[index] ?? []);
  for (const { instruction } of read.strict ? stages.flatMap((s) => s.instructions) : []) {
    const message = reachedRefusal(instruction);
    if (message !== undefined) return err({ message, line: instruction.range.startLine });
  }
  let made: ReturnType<typeof analyseStages> | undefined;
  const analysed = () => (made ??= analyseStages(stages, options.buildArgs ?? {}, context));
  const { foreignFrontend } = read;
  return ok({
    model,
    get analysis() {
      const { analysis } = analysed();
      if (foreignFrontend === undefined) return analysis;
      return { ...analysis, partial: readByAnother(foreignFrontend) };
    },
    left: () => analysed().left(),
  });
}

/** A `# scoville: ignore=ID[,ID] reason` comment. */
export interface IgnoreComment {
  readonly range: SourceRange;
  readonly ids: readonly string[];
  /** '' without one: then the comment ignores nothing. */
  readonly reason: string;
  /** The lines that it covers; undefined for the whole file. */
  readonly lines: { readonly first: number; readonly last: number } | undefined;
}

const COMMENT = /^\s*#\s*scoville\s*:\s*ignore\b\s*=?([\w.-]*(?:,[ \t]*[\w.-]+)*)[ \t]*(.*)/is;
/**
 * The ignore comments of a Dockerfile. One on the first line (parser directives aside) covers the
 * file, one inside an instruction covers that, and any other the next instruction.
 */
export function ignoreComments(text: string): readonly IgnoreComment[] {
  const source = text.replace(/^\uFEFF/, '');
  const lines = source.split('\n').map((line) => line.replace(/\r$/, ''));
  if (!lines.some((line) => COMMENT.test(line))) return [];
  const { escape, count: first } = parseDirectives(source);
  const ranges = logicalLines(source, escape).lines.map((l) => l.range);
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

/** Offset of a line and column, both from 1. */
type OffsetOf = (line: number, column: number) => number;

function offsets(text: string): OffsetOf {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (line, column) => (starts[line - 1] ?? text.length) + column - 1;
}

function spanOf(range: SourceRange, offsetOf: OffsetOf): Span {
  return {
    start: offsetOf(range.startLine, range.startColumn),
    end: offsetOf(range.endLine, range.endColumn),
  };
}

function placeIn(line: LogicalLine, offsetOf: OffsetOf): SourceInstruction['place'] {
  const at = (offset: number): number => {
    const { line: number, column } = locate(line, offset);
    return offsetOf(number, column);
  };
  return (start, end) => ({ start: at(start), end: end > start ? at(end - 1) + 1 : at(start) });
}

function commandsOf({ commands }: Instruction, offsetOf: OffsetOf): readonly SourceCommand[] {
  return commands.map((command) => {
    const { wrappers, range, words, starts } = command;
    const [argv = [], ...started] = starts;
    return {
      command,
      ...spanOf(range, offsetOf),
      argv,
      started,
      wrappers,
      words: (command.isPlaced === false ? [] : words).map(({ text, value, range: own }) => ({
        text,
        value,
        ...spanOf(own, offsetOf),
      })),
    };
  });
}

function scriptEndOf(
  { script, instruction }: PlacedInstruction,
  offsetOf: OffsetOf,
): number | undefined {
  if (script?.shell === undefined) {
    // The script of an exec form ends with its last command, or with the string that has escapes.
    const [outer] = instruction.commands;
    const inner = instruction.commands.at(-1);
    if (inner?.depth !== 1 || inner.operator !== '' || inner.nested) return undefined;
    if (inner.isPlaced === true) return spanOf(inner.range, offsetOf).end;
    const at = outer?.words.findIndex(({ value }) => /^-\w*c$/.test(value ?? '')) ?? -1;
    const word = at < 0 ? undefined : outer?.words[at + 1];
    const isWhole = word !== undefined && !/#|\s$/.test(word.value ?? '#');
    return isWhole ? spanOf(word.range, offsetOf).end - 1 : undefined;
  }
  const last = script.tree.commands.at(-1);
  if (last === undefined || last.background === true) return undefined;
  return spanOf(script.rangeOf(last.command.pos, last.command.end), offsetOf).end;
}

function sourceInstruction(
  line: LogicalLine,
  stage: number | undefined,
  placed: PlacedInstruction | undefined,
  escape: string,
  offsetOf: OffsetOf,
): SourceInstruction {
  const { keyword, offset } = headOf(line);
  const rest = leadingFlags(line.text.slice(offset)).rest;
  const argumentsAt = offset + rest;
  const place = placeIn(line, offsetOf);
  return {
    ...spanOf(line.range, offsetOf),
    keyword,
    stage,
    line: line.range.startLine,
    text: line.text,
    argumentsAt,
    words: argumentWords(keyword, line.text.slice(argumentsAt), escape).map((word) => ({
      text: word.text,
      start: argumentsAt + word.start,
    })),
    place,
    textEnd: place(0, line.text.length).end,
    instruction: placed?.instruction,
    commands: placed === undefined ? [] : commandsOf(placed.instruction, offsetOf),
    scriptEnd: placed && scriptEndOf(placed, offsetOf),
    folder: placed?.folder ?? '',
  };
}

/** Everything that rules of `scoville fix` read of a Dockerfile. */
export interface ReadForEdits extends AnalysedDockerfile {
  readonly source: DockerfileSource;
  /** Indexes of the stages that the image is made of, base first. */
  readonly imageStages: readonly number[];
  /** Comments with a reason that take findings back; `lines` undefined for the whole file. */
  readonly ignored: ReturnType<typeof ignoreComments>;
}

/** Reads a Dockerfile with the places of its instructions and words. The error names the line. */
export function readForEdits(
  text: string,
  options: DockerfileOptions = {},
  context?: BuildContext,
): Result<ReadForEdits, LineError> {
  const read = readDockerfile(text, options);
  if (!read.ok) return read;
  const analysed = analyseRead(read.value, options, context);
  if (!analysed.ok) return analysed;
  const bare = text.replace(/^\uFEFF/, '');
  const { escape, count } = parseDirectives(bare);
  const offsetOf = offsets(text);
  const placed = new Map(
    read.value.stages
      .flatMap(({ instructions }) => instructions)
      .map((one) => [one.line.range.startLine, one]),
  );
  let stage: number | undefined;
  const instructions = logicalLines(bare, escape).lines.map((line) => {
    if (headOf(line).keyword === 'FROM') stage = stage === undefined ? 0 : stage + 1;
    return sourceInstruction(line, stage, placed.get(line.range.startLine), escape, offsetOf);
  });
  const source: DockerfileSource = {
    text,
    eol: /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n',
    escape,
    instructions,
    top: offsetOf(count + 1, 1),
    spanOf: (range) => spanOf(range, offsetOf),
  };
  return ok({
    source,
    ...analysed.value,
    imageStages: stageChain(analysed.value.model).map(({ index }) => index),
    ignored: ignoreComments(text).filter(({ reason }) => reason !== ''),
  });
}

/**
 * The text with its edits applied; every character outside of their stretches stays as it is. An
 * error where two of them overlap, add at the same place, or leave the text.
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): Result<string> {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let done = '';
  let at = 0;
  let previous: TextEdit | undefined;
  for (const edit of sorted) {
    if (edit.start < 0 || edit.end < edit.start || edit.end > text.length)
      return err(`an edit at ${edit.start} to ${edit.end} leaves the text`);
    if (edit.start < at || edit.start === previous?.start)
      return err(`two edits meet at ${edit.start}`);
    done += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    previous = edit;
  }
  return ok(done + text.slice(at));
}
