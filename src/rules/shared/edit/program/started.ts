import { posix } from 'node:path';
import {
  execCommands,
  type ScriptCommands,
  scriptCommands,
} from '../../../../dockerfile/script-commands.ts';
import type { FixInput } from '../../../../model/fix-rule.ts';
import { SHELLS } from '../../../../programs/kinds/shells.ts';
import { isShellWord } from '../../../../programs/local.ts';
import { workingFolder } from '../stage-view.ts';
import { handsOn } from './entry-points.ts';
import { healthCheck, type Invocation, invocation } from './invocation.ts';
import { originOf } from './origin.ts';

/** A program that a container runs, by its name. */
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
    const own = [...args];
    if (this.seen.has(`${at} ${own.join(' ')}`) || this.called.length > MOST) return;
    this.seen.add(`${at} ${own.join(' ')}`);
    const origin = originOf(this.input, at);
    const name = posix.basename(at);
    if (origin.kind === 'text') {
      const program = interpreterOf(origin.text);
      if (words.length === 0 || program === '' || SHELLS.has(program))
        this.commands(scriptCommands(origin.text), own, name);
      else this.add({ name: program, words: [program, at], by: name });
      return;
    }
    const isNamed = path.includes('/');
    const isShell = words.length === 0 || SHELLS.has(posix.basename(words[0] ?? ''));
    if (handsOn(this.input, name)) {
      if (own.length > 0) this.commands(execCommands(own), [], name);
    } else if (
      isShell ||
      origin.kind !== 'unsaid' ||
      (isNamed && !isProgramOfSystem(at)) ||
      /entry-?point|\.sh$/.test(name)
    )
      this.unread.push(`${by} starts ${path}, which could not be read`);
  }

  private placeOf(path: string): string {
    if (path.includes('/')) return posix.resolve('/', workingFolder(this.input), path);
    const places = PATH.map((folder) => `${folder}/${path}`);
    return (
      places.find((place) => originOf(this.input, place).kind !== 'unsaid') ?? `/usr/bin/${path}`
    );
  }

  private add(one: Called): void {
    if (this.called.length <= MOST) this.called.push(one);
  }
}

function isProgramOfSystem(path: string): boolean {
  return PATH.includes(posix.dirname(path));
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
