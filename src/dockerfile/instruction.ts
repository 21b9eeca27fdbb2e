import { ownValue } from '../lib/json.ts';
import { execStrings, type Instruction } from '../model/dockerfile.ts';
import { flatten, type FlatScript, type FlatStart } from './flat-commands.ts';
import {
  BLANKS,
  blankWords,
  leadingFlags,
  type RawWord,
  splitWords,
  trimmed,
  trimmedStart,
} from './instruction-words.ts';
import { type LogicalLine, rangeOf } from './logical-lines.ts';
import { type RunScript, runScript, type RunShell } from './run-script.ts';
import { type Lookup, substitute } from './substitute.ts';

/** An instruction with what its analysis needs and the model leaves out. */
export interface ReadInstruction {
  readonly instruction: Instruction;
  readonly line: LogicalLine;
  /** Of a RUN whose shell was read, with all commands that it runs. */
  readonly script?: RunScript;
  readonly flat?: FlatScript;
}

const KEYWORDS = new Set(
  (
    'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ' +
    'ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'
  ).split(' '),
);
/** Instructions whose arguments are one text. */
const WHOLE = new Set(['USER', 'WORKDIR', 'STOPSIGNAL']);
/** Instructions whose words stand between blanks, whatever is quoted. */
const BLANK_SPLIT = new Set(['ADD', 'COPY', 'EXPOSE', 'FROM', 'VOLUME']);
/** Instructions whose arguments go to a shell unchanged. */
const VERBATIM = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'ONBUILD', 'MAINTAINER']);

export interface InstructionHead {
  /** Upper case; '' where the line begins with no known instruction. */
  readonly keyword: string;
  /** Offset of the arguments in the line. */
  readonly offset: number;
}

export function headOf(line: LogicalLine): InstructionHead {
  const [word = ''] = line.text.split(BLANKS, 1);
  const keyword = word.toUpperCase();
  const blank = /^[\t\v\f\r ]*/.exec(line.text.slice(word.length))?.[0].length ?? 0;
  return { keyword: KEYWORDS.has(keyword) ? keyword : '', offset: word.length + blank };
}

/** `ENV name some text`, the old form without an equals sign, as one `name=some text`. */
function pairWords(rest: string, escape: string): readonly string[] {
  const words = splitWords(rest, escape).map((word) => word.text);
  const blank = BLANKS.exec(rest);
  if (blank === null || words[0]?.includes('=') !== false) return words;
  return [`${rest.slice(0, blank.index)}=${rest.slice(blank.index + blank[0].length)}`];
}

export function argumentWords(keyword: string, rest: string, escape: string): RawWord[] {
  if (WHOLE.has(keyword)) return rest === '' ? [] : [{ text: rest, start: 0 }];
  return BLANK_SPLIT.has(keyword) ? blankWords(rest) : splitWords(rest, escape);
}

function argumentsOf(
  keyword: string,
  rest: string,
  escape: string,
  lookup: Lookup,
): readonly string[] {
  const exec = execStrings(rest);
  if (exec !== undefined) return exec;
  if (VERBATIM.has(keyword)) return rest === '' ? [] : [rest];
  const words =
    keyword === 'ENV' || keyword === 'LABEL'
      ? pairWords(rest, escape)
      : argumentWords(keyword, rest, escape).map((word) => word.text);
  return words.map((word) => substitute(word, lookup, escape).value);
}

/** Reads one instruction with the variables that are set at its place. */
export function readInstruction(
  line: LogicalLine,
  escape: string,
  lookup: Lookup,
  shell: RunShell,
  start: Pick<FlatStart, 'folder' | 'ids'>,
): ReadInstruction {
  const { keyword, offset } = headOf(line);
  const rawRest = line.text.slice(offset);
  const { flags, rest } = leadingFlags(rawRest);
  const behind = rawRest.slice(rest);
  const rawArguments = trimmed(behind);
  const at = offset + rawRest.length - trimmedStart(behind).length;
  const read = keyword === 'RUN' ? runScript(line, offset + rest, shell) : undefined;
  const script = read?.ok === true ? read.value : undefined;
  const flat = script && flatten(script, { ...script, ...start, lookup });
  const instruction: Instruction = {
    keyword,
    range: line.range,
    flags: flags.map(({ name, value }) => ({
      name,
      value: substitute(value, lookup, escape).value,
    })),
    rawArguments,
    arguments: argumentsOf(keyword, rawArguments, escape, lookup),
    argumentRanges:
      VERBATIM.has(keyword) || execStrings(rawArguments) !== undefined
        ? []
        : argumentWords(keyword, rawArguments, escape).map(({ text, start }) =>
            rangeOf(line, at + start, at + start + text.length),
          ),
    heredocs: line.heredocs.map(({ delimiter, content }) => ({ delimiter, content })),
    commands: flat?.commands.flatMap((one) => (one.isStarted ? [] : [one.command])) ?? [],
    ...(read?.ok === false ? { shellError: read.error } : {}),
  };
  return script && flat ? { instruction, line, script, flat } : { instruction, line };
}

/** ARGs that BuildKit knows without a declaration (Dockerfile reference, "Predefined ARGs"). */
const PREDEFINED = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
);

/** What ARG and ENV give at one place of a stage; other variables may come from the base image. */
export interface Scope {
  readonly env: ReadonlyMap<string, string | undefined>;
  readonly args: ReadonlyMap<string, string | undefined>;
}

export const EMPTY_SCOPE: Scope = { env: new Map(), args: new Map() };

/** ENV wins over ARG of the same name (Dockerfile reference, "Using ARG variables"). */
export function lookupIn(scope: Scope, buildArgs: Readonly<Record<string, string>>): Lookup {
  return (name) => {
    if (scope.env.has(name)) return scope.env.get(name);
    if (scope.args.has(name)) return scope.args.get(name);
    return PREDEFINED.has(name) ? ownValue(buildArgs, name) : undefined;
  };
}

export function withEnv(scope: Scope, name: string, value: string | undefined): Scope {
  return { ...scope, env: new Map(scope.env).set(name, value) };
}

export function withArg(scope: Scope, name: string, value: string | undefined): Scope {
  return { ...scope, args: new Map(scope.args).set(name, value) };
}
