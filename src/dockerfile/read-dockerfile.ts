import { assignment } from '../model/assignment.ts';
import type { SourceRange, Stage } from '../model/dockerfile.ts';
import { ownValue } from '../model/lookup.ts';
import { err, ok, type Result } from '../model/result.ts';
import { type Directives, parseDirectives } from './directives.ts';
import { externalImage, nameRange, WHOLE_NAME } from './external-image.ts';
import { blankWords, leadingFlags, splitWords } from './instruction-words.ts';
import { headOf, type InstructionHead } from './instruction.ts';
import { type LineError, type LogicalLine, logicalLines } from './logical-lines.ts';
import { fromRefusal, instructionRefusal } from './refusals/instruction-refusal.ts';
import { WINDOWS_SHELL } from './run-script.ts';
import {
  contextImage,
  FRESH_STAGE,
  type ReadStage,
  stageNamed,
  StageReader,
  type StageState,
} from './stage-reader.ts';
import { substitute } from './substitute.ts';

/** Names of images on Windows: `mcr.microsoft.com/windows/servercore`, `golang:1.22-nanoserver`. */
const WINDOWS =
  /mcr\.microsoft\.com\/(?:windows|dotnet\/framework)\b|(?:nanoserver|windowsservercore|servercore|ltsc20\d\d)/i;

export interface DockerfileOptions {
  /** `--build-arg` values by name. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** `--target`: a stage's name or number; the last stage where it is absent. */
  readonly target?: string;
  /** `TARGETPLATFORM`, `BUILDARCH` and the like, where they are known. */
  readonly platformArgs?: Readonly<Record<string, string>>;
  /** `--build-context NAME=VALUE`. */
  readonly buildContexts?: Readonly<Record<string, string>>;
  /** True for text built before or made from a history: no BuildKit rule refuses it. */
  readonly built?: boolean;
  /** The frontend that a build is known to have used, whatever the text says. */
  readonly frontend?: string;
}

export interface ReadDockerfile {
  readonly directives: Directives;
  readonly globals: ReadonlyMap<string, string | undefined>;
  readonly stages: readonly ReadStage[];
  /** The frontend that reads it, where that is not Docker's own. */
  readonly foreignFrontend?: string;
  /** False where another frontend may read it, or it was built already. */
  readonly strict: boolean;
}

const MAX_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 65_535;
/** No image has this many layers; a longer file is not one that a person builds. */
const MAX_INSTRUCTIONS = 4096;

interface OpenStage {
  readonly reader: StageReader;
  readonly head: Pick<ReadStage, 'index' | 'name' | 'base' | 'platform' | 'range'>;
}

class Reader {
  readonly globals = new Map<string, string | undefined>();
  readonly stages: ReadStage[] = [];
  private open: OpenStage | undefined;
  private readonly escape: string;
  private readonly options: DockerfileOptions;
  private readonly contexts: ReadonlyMap<string, string>;
  private readonly strict: boolean;

  constructor(escape: string, options: DockerfileOptions, strict: boolean) {
    this.escape = escape;
    this.strict = strict;
    this.options = options;
    const contexts = Object.entries(options.buildContexts ?? {});
    this.contexts = new Map(contexts.map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** Gives a message where the instruction may not stand here. */
  read(line: LogicalLine): string | undefined {
    const head = headOf(line);
    if (head.keyword === '') return `unknown instruction: ${word(line.text)}`;
    const refuses = head.keyword === 'FROM' ? fromRefusal : instructionRefusal;
    const refusal = this.strict
      ? refuses(head.keyword, line.text.slice(head.offset), this.escape)
      : undefined;
    if (refusal !== undefined) return refusal;
    if (head.keyword === 'FROM') return this.from(line, head);
    if (this.open !== undefined) this.open.reader.read(line);
    else if (head.keyword === 'ARG') this.globalArg(line.text.slice(head.offset));
    else return 'no build stage in current context';
    return undefined;
  }

  closeStage(): void {
    if (this.open !== undefined) this.stages.push(this.open.reader.finish(this.open.head));
    this.open = undefined;
  }

  private lookup = (name: string): string | undefined =>
    this.globals.has(name)
      ? this.globals.get(name)
      : ownValue(this.options.platformArgs ?? {}, name);

  private globalArg(raw: string): void {
    for (const { text } of splitWords(raw, this.escape)) {
      const [name, value] = assignment(text);
      const given = ownValue(this.options.buildArgs ?? {}, name);
      const written = substitute(value ?? '', this.lookup, this.escape);
      const own = value === undefined || written.unresolved.length > 0 ? undefined : written.value;
      this.globals.set(name, given ?? own ?? ownValue(this.options.platformArgs ?? {}, name));
    }
  }

  private from(line: LogicalLine, head: InstructionHead): string | undefined {
    this.closeStage();
    const raw = line.text.slice(head.offset);
    const { flags, rest } = leadingFlags(raw);
    const words = blankWords(raw.slice(rest));
    const [image, as, name] = words;
    if (image === undefined || (words.length !== 1 && words.length !== 3))
      return 'FROM requires either one or three arguments';
    if (as !== undefined && as.text.toLowerCase() !== 'as')
      return `FROM: expected AS, found ${word(as.text)}`;
    const index = this.stages.length;
    const stageName = name?.text.toLowerCase();
    const label = stageName ?? String(index);
    const range = nameRange(line, image, head.offset + rest, WHOLE_NAME);
    const base = this.base(image.text, range, label);
    const platform = flags.find((flag) => flag.name === 'platform')?.value;
    const around = {
      escape: this.escape,
      buildArgs: this.options.buildArgs ?? {},
      platformArgs: this.options.platformArgs ?? {},
      globals: this.globals,
      earlier: this.stages.slice(),
      contexts: this.contexts,
    };
    this.open = {
      reader: new StageReader(around, label, this.inherited(base)),
      head: {
        index,
        name: stageName,
        base,
        platform:
          platform === undefined ? undefined : substitute(platform, this.lookup, this.escape).value,
        range: line.range,
      },
    };
    return undefined;
  }

  private inherited(base: Stage['base']): StageState {
    if (base.kind === 'stage') return this.stages[base.index]?.left ?? FRESH_STAGE;
    const name = base.kind === 'image' ? base.image.text : base.kind === 'unknown' ? base.text : '';
    return WINDOWS.test(name) ? { ...FRESH_STAGE, shell: WINDOWS_SHELL } : FRESH_STAGE;
  }

  private base(written: string, range: SourceRange, label: string): Stage['base'] {
    const { value, unresolved } = substitute(written, this.lookup, this.escape);
    if (unresolved.length > 0 || value === '') return { kind: 'unknown', text: written };
    const stage = /^\d+$/.test(value) ? undefined : stageNamed(value, this.stages);
    if (stage !== undefined) return { kind: 'stage', index: stage.index };
    if (value === 'scratch') return { kind: 'scratch' };
    const image = contextImage(value, this.contexts);
    return image === undefined
      ? { kind: 'unknown', text: value }
      : { kind: 'image', image: externalImage('from', image, true, range, label) };
  }
}

function word(text: string): string {
  return (/^\S{1,80}/.exec(text)?.[0] ?? '').replace(/[\u0000-\u001f\u007f]/g, '?');
}

/** The frontend, where it is not Docker's own: it may have its own instructions and flags. */
function foreignOf(syntax: string | undefined): string | undefined {
  const isDockers = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;
  return syntax === undefined || isDockers.test(syntax) ? undefined : syntax;
}

/** A line with more bytes than BuildKit reads, with carriage return (bufio.MaxScanTokenSize). */
function tooLong(text: string): LineError | undefined {
  const at = text.split('\n').findIndex((line) => Buffer.byteLength(line) > MAX_LINE_BYTES);
  return at < 0
    ? undefined
    : {
        message: `dockerfile line greater than max allowed size of ${MAX_LINE_BYTES}`,
        line: at + 1,
      };
}

/** Reads a Dockerfile's stages; refuses what BuildKit refuses, and what is too large to be one. */
export function readDockerfile(
  source: string,
  options: DockerfileOptions,
): Result<ReadDockerfile, LineError> {
  if (source.length > MAX_BYTES)
    return err({ message: 'the Dockerfile is larger than 1 MiB', line: 1 });
  const text = source.replace(/^\uFEFF/, '');
  const given = options.frontend ?? options.buildArgs?.['BUILDKIT_SYNTAX'];
  const directives = parseDirectives(text, given);
  const foreignFrontend = foreignOf(directives.syntax?.text);
  const strict = options.built !== true && foreignFrontend === undefined;
  if (strict && directives.refusal !== undefined) return err(directives.refusal);
  const long = strict ? tooLong(text) : undefined;
  if (long !== undefined) return err(long);
  const { lines, error } = logicalLines(text, directives.escape);
  if (error !== undefined) return err(error);
  if (lines.length > MAX_INSTRUCTIONS)
    return err({ message: `more than ${MAX_INSTRUCTIONS} instructions`, line: 1 });
  const reader = new Reader(directives.escape, options, strict);
  for (const line of lines) {
    const message = reader.read(line);
    if (message !== undefined) return err({ message, line: line.range.startLine });
  }
  reader.closeStage();
  if (reader.stages.length === 0)
    return err({ message: 'the Dockerfile has no FROM: there is nothing to build', line: 1 });
  const { globals, stages } = reader;
  const foreign = foreignFrontend === undefined ? {} : { foreignFrontend };
  return ok({ directives, globals, stages, strict, ...foreign });
}
