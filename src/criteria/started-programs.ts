import { posix } from 'node:path';
import { execCommands, type ScriptCommands, scriptCommands } from '../dockerfile/run-script.ts';
import { stageChain } from '../model/dockerfile.ts';
import type { FixInput } from '../model/fix.ts';
import { SHELLS } from '../programs/kinds.ts';
import { isShellWord } from '../programs/local.ts';
import { inStage, type Placed } from './edit-text.ts';
import {
  fromWorkFolder,
  handsOn,
  healthCheck,
  type Invocation,
  invocation,
  workFolder,
} from './runtime-command.ts';

/** Paths that a command's words name as written: the target of `cp` and similar, or after `-o`. */
export function outputs(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  const tool = posix.basename(first);
  const operands = rest.filter((word) => !word.startsWith('-'));
  if (['cp', 'mv', 'install', 'ln'].includes(tool)) return into(operands);
  if (tool === 'tee' || tool === 'touch') return operands;
  return rest.flatMap((word, i) => {
    if (word === '-o' || word === '--output') return [rest[i + 1] ?? ''];
    return /^(?:-o|--output)=?(.+)$/.exec(word)?.[1] ?? [];
  });
}

/** The last operand, or the files in it where it is a folder. */
export function into(operands: readonly string[]): readonly string[] {
  const target = operands.at(-1) ?? '';
  const inFolder = operands.slice(0, -1).map((from) => posix.join(target, posix.basename(from)));
  return target.endsWith('/') || operands.length > 2 ? inFolder : [target, ...inFolder];
}

/** Sources of a COPY to `to` that may be the file at `path`; empty if none can be. */
function sourceOf(
  sources: readonly string[],
  target: string,
  to: string,
  path: string,
): readonly string[] {
  if (to !== path && !path.startsWith(to === '/' ? '/' : `${to}/`)) return [];
  const rest = posix.relative(to, path);
  return sources.flatMap((source) => {
    const bare = source.replace(/^(?:\.?\/)+/, '');
    if (rest === '') return target.endsWith('/') || sources.length > 1 ? [] : [bare];
    const inFolder = posix.join(bare, rest);
    const [head = '', ...more] = rest.split('/');
    // A file keeps its name below the target; a folder's content goes there without the folder.
    const isFile =
      more.length === 0 &&
      (posix.basename(bare) === head || fitsPattern(posix.basename(bare), head));
    return isFile ? [posix.join(posix.dirname(bare), head), inFolder] : [inFolder];
  });
}

/** True where a name fits a pattern of COPY, `*` and `?` in it. */
export function fitsPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`).test(name);
}

/** Where a file of the image comes from. */
type Origin =
  /** The context, or a here-document, with its text where it has been read. */
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  /** The context, which has no text of this name: a program, a large file, or nothing. */
  | { readonly kind: 'context'; readonly line: number }
  /** A command of a RUN that names it as what it writes. */
  | {
      readonly kind: 'made';
      readonly program: string;
      readonly stage: number;
      readonly line: number;
    }
  /** Another image. */
  | { readonly kind: 'image'; readonly line: number }
  /** No instruction names it: the base has it, or a RUN makes it without naming it. */
  | { readonly kind: 'unsaid'; readonly stage: number };

const MOST_STAGES = 32;

/** Where a path of a stage comes from: what was written there last. */
export function originOf(
  input: FixInput,
  path: string,
  stage = input.model.target,
  depth = 0,
): Origin {
  const chain = stageChain(input.model, stage);
  for (const { index: at } of chain.toReversed())
    for (const one of inStage(input, at).toReversed()) {
      const found = writtenBy(input, one, path, at, depth);
      if (found !== undefined) return found;
    }
  return { kind: 'unsaid', stage: chain[0]?.index ?? stage };
}

function writtenBy(
  input: FixInput,
  one: Placed,
  path: string,
  stage: number,
  depth: number,
): Origin | undefined {
  const { line } = one;
  if (one.keyword === 'RUN') {
    const made = one.instruction.commands.find(({ writesTo, words }) =>
      [...writesTo, ...outputs(words.map(({ value }) => value ?? ''))].some(
        (to) => fromWorkFolder(input, one.folder, to) === path,
      ),
    );
    const program = posix.basename(made?.words[0]?.value ?? '');
    return made === undefined ? undefined : { kind: 'made', program, stage, line };
  }
  if (one.keyword !== 'COPY' && one.keyword !== 'ADD') return undefined;
  const target = one.instruction.arguments.at(-1) ?? '';
  const to = fromWorkFolder(input, one.folder, target);
  const document = one.instruction.heredocs[0];
  if (document !== undefined)
    return to === path ? { kind: 'text', text: document.content, line } : undefined;
  const from = one.instruction.flags.find(({ name }) => name === 'from')?.value;
  const names = sourceOf(one.instruction.arguments.slice(0, -1), target, to, path);
  if (names.length === 0) return undefined;
  if (from !== undefined) {
    const other = stageNamed(input, from, stage);
    if (other === undefined || depth > MOST_STAGES) return { kind: 'image', line };
    const origins = names.map((name) =>
      originOf(input, posix.resolve('/', name), other, depth + 1),
    );
    return origins.find(({ kind }) => kind !== 'unsaid') ?? origins[0];
  }
  const text = names.map((name) => input.contextFile(name)).find((found) => found !== undefined);
  if (text !== undefined) return { kind: 'text', text, line };
  // A folder that is copied over it may or may not have it.
  return to === path ? { kind: 'context', line } : undefined;
}

/** The stage that `--from` names; undefined for an image. */
function stageNamed({ model }: FixInput, from: string, before: number): number | undefined {
  const named = model.stages.findLast(
    ({ name, index }) => index < before && name === from.toLowerCase(),
  );
  return named?.index ?? (/^\d+$/.test(from) && Number(from) < before ? Number(from) : undefined);
}

interface Called {
  readonly name: string;
  readonly words: readonly string[];
  /** What calls it: `CMD`, or the name of a script. */
  readonly by: string;
}

/** What a container runs, as far as the Dockerfile, context and base configuration show. */
export interface Started {
  readonly called: readonly Called[];
  /** What could not be read of it, in words. */
  readonly unread: readonly string[];
}

const ARGUMENTS = /^"?\$(?:[@*]|\{[@*]\})"?$/;
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const MOST = 400;

class Reader {
  readonly called: Called[] = [];
  readonly unread: string[] = [];
  private readonly seen = new Set<string>();
  private readonly input: FixInput;

  constructor(input: FixInput) {
    this.input = input;
  }

  start({ entry, args, by }: Invocation): void {
    if ('words' in entry) this.commands(execCommands([...entry.words, ...args]), args, by);
    else this.commands(scriptCommands(entry.script), args, by);
  }

  private commands(read: ScriptCommands, args: readonly string[], by: string): void {
    if (read.unread !== undefined) this.unread.push(`${by}: ${read.unread}`);
    for (const { words, wrappers } of read.commands) {
      for (const name of wrappers) this.add({ name, words: [name], by });
      const [first = ''] = words;
      if (words.length === 0 || read.functions.has(first)) continue;
      this.command(words, args, by);
    }
  }

  private command(words: readonly string[], args: readonly string[], by: string): void {
    const [first = '', ...rest] = words;
    if (ARGUMENTS.test(first)) {
      if (args.length > 0) this.commands(execCommands([...args, ...rest]), [], by);
      return;
    }
    if (first === '.' || first === 'source') this.file(rest[0] ?? '', args, by);
    else if (isShellWord(first) || /^\w+=/.test(first)) return;
    else if (/[$`]/.test(first)) this.unread.push(`${by} starts ${first}, which is not known`);
    else {
      const name = posix.basename(first);
      this.add({ name, words, by });
      const script = SHELLS.has(name) ? rest.find((word) => !word.startsWith('-')) : first;
      if (script !== undefined)
        this.file(script, script === first ? rest : rest.slice(1), by, words);
    }
  }

  /** Follows a started or read file if it is a shell script; its arguments are the other words. */
  private file(
    path: string,
    args: readonly string[],
    by: string,
    words: readonly string[] = [],
  ): void {
    const at = this.placeOf(path);
    const key = `${at} ${args.join(' ')}`;
    if (this.seen.has(key) || this.called.length > MOST) return;
    this.seen.add(key);
    const origin = originOf(this.input, at);
    const name = posix.basename(at);
    const isSourced = words.length === 0;
    if (origin.kind === 'text') {
      const program = interpreterOf(origin.text);
      if (isSourced || program === '' || SHELLS.has(program))
        this.commands(scriptCommands(origin.text), args, name);
      else this.add({ name: program, words: [program, at], by: name });
    } else if (handsOn(this.input, name)) {
      if (args.length > 0) this.commands(execCommands(args), [], name);
    } else if (
      isSourced ||
      SHELLS.has(posix.basename(words[0] ?? '')) ||
      origin.kind !== 'unsaid' ||
      (path.includes('/') && !PATH.includes(posix.dirname(at))) ||
      /entry-?point|\.sh$/.test(name)
    )
      this.unread.push(`${by} starts ${path}, which could not be read`);
  }

  private placeOf(path: string): string {
    if (path.includes('/')) return posix.resolve(workFolder(this.input), path);
    const places = PATH.map((folder) => `${folder}/${path}`);
    return (
      places.find((place) => originOf(this.input, place).kind !== 'unsaid') ?? `/usr/bin/${path}`
    );
  }

  private add(one: Called): void {
    if (this.called.length <= MOST) this.called.push(one);
  }
}

/** The program that runs a script, by its first line; '' where it has none. */
function interpreterOf(text: string): string {
  const [, program = '', argument = ''] =
    /^#![ \t]*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(text) ?? [];
  const name = posix.basename(program);
  return name === 'env' ? posix.basename(argument) : name;
}

/** Several rules ask about one reading of a Dockerfile. */
const READ = new WeakMap<FixInput, Started>();

/** What a container runs: its entry point, the context's scripts that it uses, and their calls. */
export function started(input: FixInput): Started {
  const known =
    READ.get(input) ?? readFrom(input, invocation(input), 'nothing says what it starts');
  READ.set(input, known);
  return known;
}

/** What the image's own health check runs. */
export function checked(input: FixInput): Started {
  return readFrom(input, healthCheck(input));
}

function readFrom(input: FixInput, found: Invocation | undefined, missing?: string): Started {
  const reader = new Reader(input);
  if (found !== undefined) reader.start(found);
  else if (missing !== undefined) reader.unread.push(missing);
  return { called: reader.called, unread: reader.unread };
}
