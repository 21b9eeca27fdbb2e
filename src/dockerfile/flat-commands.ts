import {
  type Assignment,
  type CommandNode,
  type ParsedScript,
  type PipelineNode,
  type Redirection,
  type Statement,
  type SyntaxNode,
} from 'unbash';
import type { ShellCommand, ShellOperator } from '../model/dockerfile.ts';
import { pathIn } from './paths.ts';
import {
  arithmeticWords,
  assignmentWord,
  bareWord,
  constantField,
  type ExpansionContext,
  type Field,
  fieldsOf,
  isWrite,
  joined,
  type PlaceOf,
  type Redirect,
  redirectOf,
  testWords,
  valueOf,
  Variables,
  type Word,
  wordOf,
} from './shell/expand.ts';
import {
  assignedNames,
  fails,
  isRedirection,
  type Script,
  type Span,
  statement,
  subshell,
  substitutionsIn,
  wordsBehind,
} from './shell/parse-shell.ts';
import { programOf, scriptOnInput, scriptsIn, unwrap, type Unwrapped } from './shell/wrappers.ts';
import type { Lookup } from './substitute.ts';

const MAX_COMMANDS = 5000;
/** Scripts in words of scripts. */
const MAX_DEPTH = 8;
/** Characters of a command's text that are kept. */
const MAX_TEXT = 400;

/**
 * A simple command of a script, with what its place in the script means. Nothing is followed: the
 * list has each command once, in the order in which they are written.
 */
export interface FlatCommand {
  /** As lint and fix see it. */
  readonly command: ShellCommand;
  readonly id: number;
  /** Its words with known variables put in and unknown ones named, split as the shell does. */
  readonly words: readonly Field[];
  readonly own: Unwrapped;
  /** As written, on one line. */
  readonly text: string;
  /** Its failure ends the RUN. */
  readonly stops: boolean;
  /** Numbers of the conditions, loops and functions around it, the outermost first. */
  readonly within: readonly number[];
  /** Numbers of the commands whose output it reads. */
  readonly pipedFrom: readonly number[];
  readonly isPiped: boolean;
  /** Its here-document or here-string. */
  readonly input: Field | undefined;
  readonly readsFrom: readonly string[];
  readonly writesTo: readonly string[];
  readonly appends: boolean;
  /** Where it runs; '' where that is not known. */
  readonly folder: string;
  /** What the script set before it, and the assignments in front of it. */
  readonly variables: ReadonlyMap<string, string | undefined>;
  /** PATH, where the script sets it, with its unknown parts named. */
  readonly programPath: string | undefined;
  /** Its output goes to a file together with others' output. */
  readonly joins: boolean;
  /** It runs shell text whose commands are not in the list. */
  readonly hidesScript: boolean;
}

/** State at the beginning of a script. */
interface FlatStart {
  readonly lookup: Lookup;
  readonly folder: string;
  readonly errexit: boolean;
  readonly pipefail: boolean;
  readonly nextId: number;
  /** bash reads it; else any POSIX shell may. */
  readonly bash: boolean;
}

interface Place {
  readonly nested: boolean;
  readonly stops: boolean;
  /** A failure of this shell is a failure of the RUN. */
  readonly exits: boolean;
  /** errexit has no effect here: in a condition, or in front of && and ||. */
  readonly guarded: boolean;
  readonly within: readonly number[];
  readonly pipedFrom: readonly number[];
  readonly isPiped: boolean;
  readonly operator: ShellOperator;
  readonly redirects: readonly Redirect[];
}

/** A command without others inside, as it is written. */
interface Simple extends Span {
  readonly assignments: readonly {
    readonly name: string;
    readonly value: Word;
    readonly append: boolean;
  }[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

/** Builtins that set variables named among their words. */
const SETS =
  /^(?:read|unset|export|readonly|local|declare|typeset|getopts|mapfile|readarray|let|printf|wait|select)$/;

class Flattener {
  readonly commands: FlatCommand[] = [];
  readonly functions = new Set<string>();
  private readonly start: FlatStart;
  private readonly assigned = new Set<string>();
  readonly set: Variables;
  private readonly printed = new Map<ParsedScript, readonly number[]>();
  private script: Script;
  /** Set in text that was escaped (backquotes in backquotes): all of it has this place. */
  private within: Span | undefined;
  private depth = 0;
  private errexit: boolean;
  private pipefail: boolean;
  private folder: string;
  private nextId: number;
  /** bash runs commands in what it counts with, where that is text that a command prints. */
  counts = false;

  constructor(script: Script, start: FlatStart) {
    this.script = script;
    this.start = start;
    this.errexit = start.errexit;
    this.pipefail = start.pipefail;
    this.folder = start.folder;
    this.nextId = start.nextId;
    this.set = new Variables(start.lookup, () => this.nextId++);
    assignedNames(script.tree, this.assigned);
  }

  run(): void {
    this.list(this.script.tree.commands, {
      nested: false,
      stops: true,
      exits: true,
      guarded: false,
      within: [],
      pipedFrom: [],
      isPiped: false,
      operator: '',
      redirects: [],
    });
  }

  private readonly placeOf: PlaceOf = ({ pos, end }) => this.within ?? { start: pos, end };

  private list(statements: readonly Statement[], place: Place): void {
    statements.forEach((statement, index) => {
      const { command, background: isBackground = false } = statement;
      const isEnd = index === statements.length - 1;
      // The whole of `a && b &` goes into the background.
      const body: Statement = { ...statement, background: undefined };
      const { commands, operators } =
        command.type !== 'AndOr'
          ? { commands: [command], operators: [] }
          : isBackground
            ? { commands: [subshell([body], command)], operators: [] }
            : command;
      this.chain(commands, operators, { isEnd, isBackground }, place);
    });
  }

  /** Pipelines that && and || join. */
  private chain(
    nodes: readonly PipelineNode[],
    operators: readonly ('&&' | '||')[],
    { isEnd, isBackground }: { readonly isEnd: boolean; readonly isBackground: boolean },
    place: Place,
  ): void {
    let within = place.within;
    let isAfterOr = false;
    nodes.forEach((node, at) => {
      const before = operators[at - 1];
      const isKept = isEnd && place.stops && !isAfterOr;
      if (before === '||') isAfterOr = true;
      // What follows `a &&` runs in any case only where the failure of `a` ends the script.
      if (before === '||' || (before === '&&' && !isKept)) within = [...within, this.nextId++];
      const isLast = at === nodes.length - 1;
      const handler = operators.findIndex((one, i) => i >= at && one === '||');
      const byErrexit = isLast && this.errexit && !place.guarded;
      const byExit = handler >= 0 ? fails(nodes[handler + 1]) : byErrexit;
      const { commands, prefixes } =
        node.type === 'Pipeline' ? node : { commands: [node], prefixes: [] };
      const negated = prefixes.filter(({ type }) => type === 'Negation').length % 2 === 1;
      const stops =
        !isBackground &&
        !negated &&
        ((handler < 0 && isEnd && place.stops) || (byExit && place.exits));
      const end = isBackground ? '&' : isEnd ? '' : ';';
      let piped: readonly number[] = [];
      commands.forEach((command, index) => {
        const isLastOfPipe = index === commands.length - 1;
        const ends = stops && (isLastOfPipe || this.pipefail);
        const first = this.nextId;
        this.command(command, {
          ...place,
          stops: ends,
          exits: commands.length > 1 ? ends : place.exits && !isBackground,
          guarded: place.guarded || !isLast || negated,
          within,
          pipedFrom: index === 0 ? place.pipedFrom : piped,
          isPiped: index === 0 ? place.isPiped : true,
          operator: isLastOfPipe ? (operators[at] ?? end) : '|',
        });
        piped = this.commands.filter(({ id }) => id >= first).map(({ id }) => id);
      });
    });
  }

  /** The commands that the shell runs to know the words of another, before it. */
  private before(nodes: readonly SyntaxNode[], place: Place): void {
    for (const { script, at } of substitutionsIn(nodes)) {
      const first = this.commands.length;
      const outer = this.within;
      if (script.source !== undefined) this.within ??= this.placeOf(at);
      this.list(script.commands, {
        ...place,
        nested: true,
        stops: false,
        exits: false,
        guarded: true,
        operator: '',
      });
      this.within = outer;
      this.printed.set(
        script,
        this.commands.slice(first).map(({ id }) => id),
      );
    }
  }

  private command(node: CommandNode, place: Place, behind: readonly Redirection[] = []): void {
    if (this.commands.length >= MAX_COMMANDS) return;
    const span = this.placeOf(node);
    if (node.type === 'Redirected') {
      this.command(node.command, place, node.redirects);
      return;
    }
    if (node.type === 'Command') {
      const redirects = [...node.prefix, ...node.suffix].filter(isRedirection);
      const assigned = node.prefix.filter((one) => one.type === 'Assignment');
      const rest = wordsBehind(node);
      const name = node.name === undefined ? [] : [node.name];
      this.before([...assigned, ...name, ...rest, ...redirects], place);
      const words = [...name, ...rest].map((one) =>
        one.type === 'Word' ? wordOf(one, this.placeOf) : assignmentWord(one, this.placeOf),
      );
      this.simple({ words, ...this.around(assigned, redirects), ...span }, place);
      return;
    }
    if (node.type === 'TestCommand' || node.type === 'ArithmeticCommand') {
      this.before([node, ...behind], place);
      const words =
        node.type === 'TestCommand'
          ? [
              bareWord('[[', span),
              ...testWords(node.expression, this.placeOf),
              bareWord(']]', span),
            ]
          : arithmeticWords(node.body, [node.expression], span);
      this.simple({ words, ...this.around([], behind), ...span }, place);
      return;
    }
    const asked =
      node.type === 'For' || node.type === 'Select'
        ? (node.wordlist ?? [])
        : node.type === 'Case'
          ? [node.word, ...node.items.flatMap(({ pattern }) => pattern)]
          : [];
    this.before([...asked, ...behind], place);
    const { redirects } = this.around([], behind);
    const inside = (more: Partial<Place>): Place => ({
      ...place,
      redirects: [...place.redirects, ...redirects],
      nested: true,
      ...more,
    });
    const branch = (): readonly number[] => [...place.within, this.nextId++];
    switch (node.type) {
      case 'Subshell':
      case 'BraceGroup': {
        const { errexit, pipefail, folder } = this;
        const exits = node.type === 'Subshell' ? place.stops : place.exits;
        this.list(node.body.commands, { ...inside({ exits }), nested: place.nested });
        if (node.type === 'Subshell') Object.assign(this, { errexit, pipefail, folder });
        return;
      }
      case 'Coproc':
        if (node.body.type !== 'CompoundList')
          this.command(subshell([statement(node.body, true)], node), place);
        return;
      case 'If':
        [node, ...node.elif].forEach(({ clause, then }, at) => {
          const within = at === 0 ? place.within : branch();
          this.list(clause.commands, inside({ stops: false, guarded: true, within }));
          this.list(then.commands, inside({ within: branch() }));
        });
        if (node.else !== undefined) this.list(node.else.commands, inside({ within: branch() }));
        return;
      case 'For':
      case 'Select': {
        const items = asked.flatMap((word) =>
          fieldsOf(wordOf(word, this.placeOf), this.expansion()),
        );
        this.set.assign(node.name.value, undefined, true, items);
        this.list(node.body.commands, inside({ stops: false, within: branch() }));
        return;
      }
      case 'ArithmeticFor':
      case 'While': {
        const within = branch();
        const first = inside({ stops: false, guarded: true, within });
        if (node.type === 'While') this.list(node.clause.commands, first);
        else {
          const asks = [node.initialize, node.test, node.update];
          this.before(
            asks.filter((one) => one !== undefined),
            first,
          );
          const words = arithmeticWords('', asks, span);
          this.simple({ words, ...this.around([], []), ...span }, { ...first, operator: '' });
        }
        this.list(node.body.commands, inside({ stops: false, within }));
        return;
      }
      case 'Case': {
        let falls: readonly Statement[] = [];
        const bodies = node.items.toReversed().map(({ body, terminator }) => {
          falls = [...body.commands, ...(terminator === ';&' ? falls : [])];
          return falls;
        });
        for (const body of bodies.reverse()) this.list(body, inside({ within: branch() }));
        return;
      }
      case 'Function':
        this.functions.add(node.name.value);
        if (node.body.type !== 'CompoundList')
          this.list(
            [statement(node.body)],
            inside({ stops: false, guarded: true, within: branch() }),
          );
    }
  }

  /** What stands around the words of a command. */
  private around(
    assigned: readonly Assignment[],
    redirects: readonly Redirection[],
  ): Pick<Simple, 'assignments' | 'redirects'> {
    return {
      assignments: assigned.map((one) => ({
        name: one.name,
        value: valueOf(one, this.placeOf),
        append: one.append === true,
      })),
      redirects: redirects.map((one) => redirectOf(one, this.placeOf)),
    };
  }

  private simple(simple: Simple, place: Place): void {
    const around = this.expansion();
    for (const { name, value, append } of simple.words.length === 0 ? simple.assignments : []) {
      const field = joined(value, around);
      this.set.assign(name, append ? undefined : field, place.within.length > 0);
    }
    if (simple.words.length === 0) {
      // `> file` empties a file.
      if (simple.redirects.some(isWrite)) this.push(simple, [constantField(':')], place);
      return;
    }
    const words = simple.words.flatMap((word) => fieldsOf(word, around));
    if (words.length === 0) return;
    const own = this.push(simple, words, place);
    this.builtin(own, place.within.length > 0);
  }

  private push(simple: Simple, words: readonly Field[], place: Place): Unwrapped {
    const around = this.expansion();
    const model = this.expansion(true);
    const fields = simple.words.map((word) => joined(word, model));
    const redirects = [...place.redirects, ...simple.redirects];
    const target = (one: Redirect): string => pathIn(this.folder, joined(one.target, around).text);
    const body = simple.redirects.findLast(({ operator }) => operator.startsWith('<'));
    const input =
      body?.body !== undefined
        ? joined(body.body, around)
        : body?.operator === '<<<'
          ? joined(body.target, around)
          : undefined;
    const own = unwrap(words);
    const range = this.script.rangeOf(simple.start, simple.end);
    const command: ShellCommand = {
      words: simple.words.map(({ text, start, end }, at) => {
        const { constant = false, text: value } = fields[at] ?? {};
        return {
          text,
          value: constant ? value : undefined,
          range: this.script.rangeOf(start, end),
        };
      }),
      operator: place.operator,
      nested: place.nested,
      ...(this.depth > 0 ? { depth: this.depth } : {}),
      range,
      writesTo: simple.redirects.filter(isWrite).map((r) => joined(r.target, model).text),
    };
    const variables = new Map<string, string | undefined>();
    for (const [name, { value }] of this.set.known) variables.set(name, value);
    for (const { name, value } of simple.assignments) {
      const field = joined(value, around);
      variables.set(name, field.constant ? field.text : undefined);
    }
    for (const { text, constant } of own.environment) {
      const equals = text.indexOf('=');
      variables.set(text.slice(0, equals), constant ? text.slice(equals + 1) : undefined);
    }
    const whole = simple.words.map((word) => joined(word, around));
    const scripts = this.depth < MAX_DEPTH ? scriptsIn(this.script, simple, whole) : [];
    const wanted = [own, ...own.started].filter(({ script }) => script !== undefined).length;
    const readsInput =
      input !== undefined &&
      own.script === undefined &&
      scriptOnInput(own.argv, input) !== undefined;
    const isRead = simple.redirects.some(({ operator }) => operator === '&>' || operator === '&>>');
    const id = this.nextId++;
    this.commands.push({
      command,
      id,
      words,
      own,
      text: this.script.text
        .slice(simple.start, simple.end)
        .replace(/\\\r?\n/g, ' ')
        .replace(/\s+/g, ' ')
        .slice(0, MAX_TEXT),
      // Other shells than bash take `cmd &> file` for a command in the background.
      stops: place.stops && !(isRead && !this.start.bash),
      within: place.within,
      pipedFrom: place.pipedFrom,
      isPiped: place.isPiped,
      input,
      readsFrom: redirects.filter(({ operator }) => operator === '<').map(target),
      writesTo: redirects.filter(isWrite).map(target),
      appends: redirects.some(({ operator }) => operator === '>>' || operator === '&>>'),
      folder: own.folder ?? this.folder,
      variables,
      programPath:
        simple.assignments.flatMap(({ name, value }) =>
          name === 'PATH' ? [joined(value, around).text] : [],
        )[0] ??
        own.environment.find(({ text }) => text.startsWith('PATH='))?.text.slice(5) ??
        this.set.known.get('PATH')?.value ??
        this.set.known.get('PATH')?.shape,
      joins: place.redirects.some(isWrite),
      hidesScript: scripts.length < wanted + (readsInput ? 1 : 0),
    });
    for (const script of scripts) this.inner(script, own, place);
    return own;
  }

  /** The commands of a script inside a command, after the command that runs it. */
  private inner(script: Script, own: Unwrapped, place: Place): void {
    const outer = this.script;
    const { errexit, pipefail, folder } = this;
    const isEval = programOf(own.argv) === 'eval';
    this.script = script;
    this.depth += 1;
    if (!isEval) {
      this.errexit = own.script?.errexit === true;
      this.pipefail = own.script?.pipefail === true;
    }
    const exits = isEval ? place.exits : place.stops;
    this.list(script.tree.commands, {
      ...place,
      exits,
      guarded: isEval && place.guarded,
      operator: '',
    });
    if (!isEval) Object.assign(this, { errexit, pipefail, folder });
    this.depth -= 1;
    this.script = outer;
  }

  /** Builtins that change what later commands mean. */
  private builtin({ argv, wrappers }: Unwrapped, isConditional: boolean): void {
    const program = programOf(argv);
    const words = argv.slice(1).map(({ text }) => text);
    // Each folder that is not known has a name of its own, so that no two of them pass for one.
    const unknown = `\${cd#${this.nextId++}}`;
    if (program === 'cd' || program === 'pushd') {
      const to = argv.findLast(({ text }, at) => at > 0 && !text.startsWith('-'));
      const isPlain = to !== undefined && !isConditional && words.length === 1;
      // A variable that nothing sets again means one folder, whichever that is.
      if (isPlain && /^\$\{[\w#]+\}(?:\/[\w./-]*)?$/.test(to.text)) this.folder = to.text;
      else this.folder = isPlain && to.constant ? pathIn(this.folder, to.text) : unknown;
    } else if (program === 'popd') this.folder = unknown;
    else if (program === 'set') this.options(words, isConditional);
    else if (SETS.test(program) || wrappers.includes('builtin'))
      for (const field of argv.slice(1)) {
        const glued = program === 'printf' ? /^-v(\w+)$/.exec(field.text)?.[1] : undefined;
        if (glued !== undefined) this.set.assign(glued, undefined, isConditional);
        const [, name = '', equals, value = ''] = /^(\w+)(=)?([^]*)/.exec(field.text) ?? [];
        if (name !== '' && !(equals === undefined && /^(?:export|readonly)$/.test(program)))
          this.set.assign(
            name,
            equals === undefined
              ? { text: '$()', constant: false, sources: [this.nextId] }
              : { ...field, text: value },
            isConditional,
          );
      }
  }

  private options(words: readonly string[], isConditional: boolean): void {
    const line = words.join(' ');
    if (/(?:^| )\+[a-zA-Z]*e|\+o errexit/.test(line)) this.errexit = false;
    else if (!isConditional && /(?:^| )-[a-zA-Z]*e|-[a-zA-Z]*o errexit/.test(line))
      this.errexit = true;
    if (/\+o pipefail/.test(line)) this.pipefail = false;
    else if (!isConditional && /-[a-zA-Z]*o pipefail/.test(line)) this.pipefail = true;
  }

  /** `isPlain`: without what the script itself sets, as lint and fix see words. */
  private expansion(isPlain = false): ExpansionContext {
    const { lookup, bash } = this.start;
    const outer = (name: string) => ({ value: lookup(name), sources: [] });
    if (isPlain)
      return {
        counted: () => undefined,
        printed: () => [],
        variable: (name) =>
          this.assigned.has(name) ? { value: undefined, sources: [] } : outer(name),
      };
    return {
      counted: (sources) => {
        this.counts ||= bash && sources.length > 0;
      },
      printed: (script) => (script && this.printed.get(script)) ?? [],
      variable: (name) => this.set.known.get(name) ?? outer(name),
    };
  }
}

export function flatten(
  script: Script,
  start: FlatStart,
): {
  readonly commands: readonly FlatCommand[];
  readonly functions: ReadonlySet<string>;
  readonly values: (name: string) => readonly string[] | undefined;
  readonly isWhole: boolean;
  readonly counts: boolean;
} {
  const flattener = new Flattener(script, start);
  flattener.run();
  const { commands, functions, counts, set } = flattener;
  const isWhole = commands.length < MAX_COMMANDS;
  return { commands, functions, values: (name) => set.known.get(name)?.all, isWhole, counts };
}

/** The simple commands of a script in the order they are written, words with ARG and ENV put in. */
export function flatCommands(script: Script, lookup: Lookup): readonly ShellCommand[] {
  const start = { bash: true, folder: '', errexit: false, pipefail: false, nextId: 0 };
  return flatten(script, { ...start, lookup }).commands.map(({ command }) => command);
}
