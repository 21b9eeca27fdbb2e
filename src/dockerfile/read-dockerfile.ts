import { err, ok, type Result } from '../lib/errors.ts';
import { lookup, ownValue } from '../lib/json.ts';
import {
  assignment,
  execStrings,
  type ExternalImage,
  type Instruction,
  type SourceRange,
  type Stage,
} from '../model/dockerfile.ts';
import { parseReference } from '../model/reference.ts';
import { blankWords, leadingFlags, type RawWord, splitWords } from './instruction-words.ts';
import {
  EMPTY_SCOPE,
  headOf,
  type InstructionHead,
  lookupIn,
  type ReadInstruction,
  readInstruction,
  type Scope,
  withArg,
  withEnv,
} from './instruction.ts';
import {
  type Directives,
  type LineError,
  type LogicalLine,
  logicalLines,
  parseDirectives,
  rangeOf,
} from './logical-lines.ts';
import { pathIn } from './paths.ts';
import { fromRefusal, instructionRefusal } from './refusals.ts';
import { DEFAULT_SHELL, type RunShell, shellOf, WINDOWS_SHELL } from './run-script.ts';
import { substitute } from './substitute.ts';

/** An image from outside, its reference parsed; no reference where a variable has no value. */
export function externalImage(
  kind: ExternalImage['kind'],
  text: string,
  resolved: boolean,
  range: SourceRange,
  stage?: string,
): ExternalImage {
  const parsed = resolved ? parseReference(text) : undefined;
  return {
    kind,
    text,
    reference: parsed?.ok === true ? parsed.value : undefined,
    range,
    ...(stage === undefined ? {} : { stage }),
  };
}

/** The name of an image in a word as written, quotes left out. */
const WHOLE_NAME = /^["']?(?<name>[^"']+)/;
/** The name of an image in the value of `--mount`. */
const MOUNT_NAME = /(?:^|[,"'])from=(?<name>[^,\s"']+)/i;

/** Where a word, moved by `offset`, names an image; the whole line where it does not spell it. */
function nameRange(
  line: LogicalLine,
  { text, start }: RawWord,
  offset: number,
  name: RegExp,
): SourceRange {
  const found = name.exec(text);
  const named = found?.groups?.['name'];
  if (found === null || named === undefined) return line.range;
  const end = offset + start + found.index + found[0].length;
  return rangeOf(line, end - named.length, end);
}

/** Options of a mount by their other names. */
const ALIASES = lookup<string>({ dst: 'target', destination: 'target', src: 'source' });

/** `type=bind,from=build,dst=/x` by first option names; an option without a value is `true`. */
function mountOptions(text: string): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const given = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const name = ALIASES[given] ?? given;
    if (name !== '__proto__') options[name] = equals < 0 ? 'true' : part.slice(equals + 1).trim();
  }
  return options;
}

export function mountsOf({ flags }: Instruction): readonly Readonly<Record<string, string>>[] {
  return flags.flatMap(({ name, value }) => (name === 'mount' ? [mountOptions(value)] : []));
}

/** An instruction with the scope and working directory at its place. */
export interface PlacedInstruction extends ReadInstruction {
  readonly scope: Scope;
  /** '' where it is not known. */
  readonly folder: string;
  /** Its number; those of its commands follow. */
  readonly id: number;
}

export interface ReadStage {
  readonly index: number;
  readonly name: string | undefined;
  readonly base: Stage['base'];
  readonly platform: string | undefined;
  readonly range: SourceRange;
  readonly instructions: readonly PlacedInstruction[];
  readonly needs: readonly number[];
  readonly images: readonly ExternalImage[];
  /** What its ONBUILD steps name by `from`. */
  readonly triggers: readonly string[];
  /** State at the beginning of a stage that builds on this one. */
  readonly left: StageState;
}

interface StageState {
  readonly scope: Scope;
  readonly shell: RunShell;
  readonly folder: string;
}

const FRESH_STAGE: StageState = { scope: EMPTY_SCOPE, shell: DEFAULT_SHELL, folder: '' };

interface StageInputs {
  readonly escape: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platformArgs: Readonly<Record<string, string>>;
  readonly globals: ReadonlyMap<string, string | undefined>;
  readonly earlier: readonly ReadStage[];
  /** Named contexts (`--build-context`), lower-case name to value. */
  readonly contexts: ReadonlyMap<string, string>;
  readonly ids: { next: number };
}

/** The stage that `--from` or `from=` names, by name or number; undefined if it is not a stage. */
export function stageNamed(text: string, earlier: readonly ReadStage[]): ReadStage | undefined {
  const named = earlier.findLast((stage) => stage.name === text.toLowerCase());
  if (named !== undefined) return named;
  return /^\d{1,4}$/.test(text) ? earlier.find(({ index }) => index === Number(text)) : undefined;
}

/** Reads one stage's instructions in order and keeps its scope, shell and working directory. */
class StageReader {
  private readonly instructions: PlacedInstruction[] = [];
  private readonly needs = new Set<number>();
  private readonly images: ExternalImage[] = [];
  private readonly triggers: string[] = [];
  private readonly around: StageInputs;
  private readonly label: string;
  private state: StageState;

  constructor(around: StageInputs, label: string, state: StageState) {
    this.around = around;
    this.label = label;
    this.state = state;
  }

  read(line: LogicalLine): void {
    const { scope, shell, folder } = this.state;
    const { escape, buildArgs, ids } = this.around;
    const id = ids.next++;
    const lookup = lookupIn(scope, buildArgs);
    const placed = {
      ...readInstruction(line, escape, lookup, shell, { folder, ids }),
      scope,
      folder,
      id,
    };
    this.instructions.push(placed);
    const { keyword } = headOf(line);
    if (keyword === 'ENV') this.env(placed.instruction.arguments);
    else if (keyword === 'ARG') this.arg(placed.instruction.rawArguments);
    else if (keyword === 'SHELL') this.setShell(placed.instruction.rawArguments);
    else if (keyword === 'WORKDIR') {
      const to = placed.instruction.arguments[0] ?? '';
      this.state = { ...this.state, folder: to.includes('$') ? '' : pathIn(folder, to) };
    } else if (keyword === 'COPY' || keyword === 'ADD') this.copyFrom(placed);
    else if (keyword === 'RUN') this.mounts(placed);
    else if (keyword === 'ONBUILD')
      for (const { name, value } of leadingFlags(
        placed.instruction.rawArguments.replace(/^\s*\w+\s+/, ''),
      ).flags) {
        const from = name === 'from' ? value : name === 'mount' ? mountOptions(value)['from'] : '';
        if (from !== undefined && from !== '') this.triggers.push(from);
      }
  }

  finish(head: Pick<ReadStage, 'index' | 'name' | 'base' | 'platform' | 'range'>): ReadStage {
    const { base, range } = head;
    // BuildKit runs the steps of its base in this stage.
    const below = base.kind === 'stage' ? this.around.earlier[base.index] : undefined;
    for (const from of below?.triggers ?? []) this.use('copy-from', from, range);
    const needs = new Set(this.needs);
    if (base.kind === 'stage') needs.add(base.index);
    const images = base.kind === 'image' ? [base.image, ...this.images] : this.images;
    return {
      ...head,
      instructions: this.instructions,
      needs: [...needs].sort((a, b) => a - b),
      images,
      triggers: this.triggers,
      left: this.state,
    };
  }

  private env(pairs: readonly string[]): void {
    for (const pair of pairs) {
      const [name, value] = assignment(pair);
      if (name === '' || value === undefined) continue;
      // What stays a variable reference has no known value.
      const known = !/\$[A-Za-z_{]/.test(value);
      const scope = withEnv(this.state.scope, name, known ? value : undefined);
      this.state = { ...this.state, scope };
    }
  }

  private arg(raw: string): void {
    const { escape, buildArgs, platformArgs, globals } = this.around;
    for (const { text } of splitWords(raw, escape)) {
      const [name, own] = assignment(text);
      const given = ownValue(buildArgs, name);
      const lookup = lookupIn(this.state.scope, buildArgs);
      const written = own === undefined ? undefined : substitute(own, lookup, escape);
      const inherited = globals.get(name) ?? ownValue(platformArgs, name);
      const value =
        given ??
        (written === undefined || written.unresolved.length > 0 ? undefined : written.value);
      const fallback = written === undefined ? inherited : undefined;
      const scope = withArg(this.state.scope, name, value ?? fallback);
      this.state = { ...this.state, scope };
    }
  }

  private setShell(raw: string): void {
    const argv = execStrings(raw);
    if (argv !== undefined) this.state = { ...this.state, shell: shellOf(argv) };
  }

  private copyFrom({ instruction: { flags }, line }: PlacedInstruction): void {
    const at = flags.findIndex((flag) => flag.name === 'from');
    const from = flags[at]?.value;
    if (from !== undefined && from !== '')
      this.use('copy-from', from, this.rangeIn(line, at, WHOLE_NAME));
  }

  private mounts({ instruction: { flags }, line }: PlacedInstruction): void {
    for (const [at, flag] of flags.entries()) {
      if (flag.name !== 'mount') continue;
      const { from } = mountOptions(flag.value);
      if (from !== undefined && from !== '')
        this.use('mount-from', from, this.rangeIn(line, at, MOUNT_NAME));
    }
  }

  /** Where the flag of this index names an image. */
  private rangeIn(line: LogicalLine, index: number, name: RegExp): SourceRange {
    const { offset } = headOf(line);
    const flag = leadingFlags(line.text.slice(offset)).flags[index];
    return flag === undefined ? line.range : nameRange(line, flag.written, offset, name);
  }

  private use(kind: 'copy-from' | 'mount-from', text: string, range: SourceRange): void {
    const stage = stageNamed(text, this.around.earlier);
    if (stage !== undefined) {
      this.needs.add(stage.index);
      return;
    }
    const image = contextImage(text, this.around.contexts);
    if (image === undefined || image === 'scratch') return;
    this.images.push(externalImage(kind, image, !image.includes('$'), range, this.label));
  }
}

/** The image that a name means, named contexts applied; undefined for a folder or repository. */
function contextImage(text: string, contexts: ReadonlyMap<string, string>): string | undefined {
  const context = contexts.get(text.toLowerCase());
  if (context === undefined) return text;
  return /^docker-image:\/\//.test(context) ? context.slice('docker-image://'.length) : undefined;
}

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
  private readonly ids = { next: 1 };
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

  /** Gives a message where the instruction is not allowed at this place. */
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
      ids: this.ids,
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
