import type { BuildContext } from '../model/build-context.ts';
import type {
  DockerfileSource,
  SourceCommand,
  SourceInstruction,
  Span,
} from '../model/dockerfile-source.ts';
import type { Instruction, SourceRange } from '../model/dockerfile.ts';
import { ok, type Result } from '../model/result.ts';
import { stageChain } from '../model/stage-chain.ts';
import { type AnalysedDockerfile, analyseRead } from './analyse-dockerfile.ts';
import { parseDirectives } from './directives.ts';
import { scriptOfExec } from './flat-commands.ts';
import { ignoreComments } from './ignore-comments.ts';
import { leadingFlags } from './instruction-words.ts';
import { argumentWords, headOf } from './instruction.ts';
import { type LineError, locate, type LogicalLine, logicalLines } from './logical-lines.ts';
import { type DockerfileOptions, readDockerfile } from './read-dockerfile.ts';
import { fieldOf } from './script-commands.ts';
import { unwrap } from './shell/wrappers.ts';
import type { PlacedInstruction } from './stage-reader.ts';

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
    const { argv, wrappers, started } = unwrap(command.words.map(fieldOf));
    return {
      command,
      ...spanOf(command.range, offsetOf),
      argv: argv.map(({ text }) => text),
      started: started.map((one) => one.argv.map(({ text }) => text)),
      wrappers,
      words: command.words.map(({ text, value, range }) => ({
        text,
        value,
        ...spanOf(range, offsetOf),
      })),
    };
  });
}

function scriptEndOf({ script }: PlacedInstruction, offsetOf: OffsetOf): number | undefined {
  const own = script?.isJson === true ? scriptOfExec(script) : script;
  const last = own?.list.items.at(-1);
  const command = last?.pipeline.elements.at(-1);
  if (own === undefined || command === undefined || last?.operator === '&') return undefined;
  return spanOf(own.rangeOf(command.start, command.end), offsetOf).end;
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
  const { escape } = parseDirectives(bare);
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
    top: offsetOf(directiveLines(bare) + 1, 1),
    spanOf: (range) => spanOf(range, offsetOf),
  };
  return ok({
    source,
    ...analysed.value,
    imageStages: stageChain(analysed.value.model).map(({ index }) => index),
    ignored: ignoreComments(text).filter(({ reason }) => reason !== ''),
  });
}

const DIRECTIVE = /^\s*#[ \t]*[A-Za-z][A-Za-z0-9]*[ \t]*=/;

/** How many lines at the top belong to parser directives. */
function directiveLines(text: string): number {
  const lines = text.split('\n', 64);
  let count = lines[0]?.startsWith('#!') === true ? 1 : 0;
  while (DIRECTIVE.test(lines[count] ?? '')) count += 1;
  return count;
}
