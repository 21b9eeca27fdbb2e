import type {
  Assignment,
  CommandNode,
  PipelineNode,
  Redirection,
  Statement,
  SyntaxNode,
} from 'unbash';
import type { ShellCommand, ShellOperator } from '../model/dockerfile.ts';
import { pathIn } from './paths.ts';
import {
  arithmeticWords,
  assignmentWord,
  bareWord,
  constantField,
  type Field,
  isWrite,
  type PlaceOf,
  type Redirect,
  redirectOf,
  Shell,
  testWords,
  valueOf,
  type Word,
  wordOf,
} from './shell/expand.ts';
import {
  fails,
  isRedirection,
  parseShell,
  type Script,
  type Span,
  statement,
  subshell,
  substitutionsIn,
  wordsBehind,
} from './shell/parse-shell.ts';
import { programOf, scriptOf, type ShellText, unwrap, type Unwrapped } from './shell/wrappers.ts';
import type { Lookup } from './substitute.ts';

const MAX_COMMANDS = 5000;
/** Scripts in words of scripts. */
const MAX_DEPTH = 8;
/** Characters of a command's text that are kept. */
const MAX_TEXT = 400;

/**
 * A command of a script, with what its place in the script means. Nothing is followed: the list has
 * each command once, in the order in which they are written. One that another starts (`find -exec`)
 * follows that.
 */
export interface FlatCommand {
  /** As lint and fix see it. */
  readonly command: ShellCommand;
  readonly id: number;
  /** `curl` for `/usr/bin/curl`; '' where it is not constant. */
  readonly program: string;
  /** Its words, without the programs that only start it. */
  readonly argv: readonly Field[];
  /** Another command starts it, perhaps not at all. */
  readonly isStarted: boolean;
  /** It runs shell text among its words: those commands follow, unless `hidesScript`. */
  readonly isScript: boolean;
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
  readonly set: ReadonlyMap<string, string | undefined>;
  /** Its output goes to a file together with others' output. */
  readonly joins: boolean;
  /** It runs shell text whose commands are not in the list. */
  readonly hidesScript: boolean;
}

/** State at the beginning of a script. */
export interface FlatStart {
  readonly lookup: Lookup;
  readonly folder: string;
  readonly errexit: boolean;
  readonly pipefail: boolean;
  /** bash reads it; else any POSIX shell may. */
  readonly bash: boolean;
  /** Numbers of commands go on from here. */
  readonly ids: { next: number };
}

/** All commands of a script. */
export interface FlatScript {
  readonly commands: readonly FlatCommand[];
  readonly functions: ReadonlySet<string>;
  /** Values that it gives to PATH, unknown parts named. */
  readonly paths: readonly string[];
  readonly isWhole: boolean;
  /** bash runs commands in what it counts with, where that is text that a command prints. */
  readonly counts: boolean;
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

const START: Place = {
  nested: false,
  stops: true,
  exits: true,
  guarded: false,
  within: [],
  pipedFrom: [],
  isPiped: false,
  operator: '',
  redirects: [],
};

/** A command without others inside, as it is written. */
interface Simple extends Span {
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

/** Builtins that set variables named among their words. */
const SETS =
  /^(?:read|unset|export|readonly|local|declare|typeset|getopts|mapfile|readarray|let|printf|wait|select)$/;

class Flattener {
  readonly commands: FlatCommand[] = [];
  readonly functions = new Set<string>();
  readonly paths: string[] = [];
  readonly shell: Shell;
  private readonly start: FlatStart;
  private script: Script;
  /** Set in text that was escaped (backquotes in backquotes): all of it has this place. */
  private within: Span | undefined;
  private depth = 0;
  private errexit: boolean;
  private pipefail: boolean;
  private folder: string;

  constructor(script: Script, start: FlatStart) {
    this.script = script;
    this.start = start;
    this.errexit = start.errexit;
    this.pipefail = start.pipefail;
    this.folder = start.folder;
    this.shell = new Shell(start.lookup, () => start.ids.next++);
    this.list(script.tree.commands, START);
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
      if (before === '||' || (before === '&&' && !isKept))
        within = [...within, this.start.ids.next++];
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
      const { errexit, pipefail } = this;
      commands.forEach((command, index) => {
        const isLastOfPipe = index === commands.length - 1;
        const ends = stops && (isLastOfPipe || this.pipefail);
        const first = this.commands.length;
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
        piped = this.idsFrom(first);
      });
      if (commands.length > 1 || isBackground) this.keepTo({ errexit, pipefail });
    });
  }

  /** What a shell of its own turns on ends with it; what it turns off is not trusted again. */
  private keepTo(before: Pick<FlatStart, 'errexit' | 'pipefail'>): void {
    this.errexit &&= before.errexit;
    this.pipefail &&= before.pipefail;
  }

  private idsFrom(first: number): readonly number[] {
    return [...new Set(this.commands.slice(first).map(({ id }) => id))];
  }

  /** The commands that the shell runs to know the words of another, before it. */
  private before(nodes: readonly (SyntaxNode | undefined)[], place: Place): void {
    for (const { script, at } of substitutionsIn(nodes.filter((one) => one !== undefined))) {
      const first = this.commands.length;
      const { within: outer, errexit, pipefail } = this;
      if (script.source !== undefined) this.within ??= this.placeOf(at);
      const quiet = { nested: true, stops: false, exits: false, guarded: true } as const;
      this.list(script.commands, { ...place, ...quiet, operator: '' });
      this.within = outer;
      this.keepTo({ errexit, pipefail });
      this.shell.printed.set(script, this.idsFrom(first));
    }
  }

  private command(node: CommandNode, place: Place, behind: readonly Redirection[] = []): void {
    if (this.commands.length >= MAX_COMMANDS) return;
    const span = this.placeOf(node);
    const redirectsOf = (nodes: readonly Redirection[]): readonly Redirect[] =>
      nodes.map((one) => redirectOf(one, this.placeOf));
    const simple = (words: readonly Word[], redirects = behind, own: Place = place): void => {
      const around = { assignments: [], redirects: redirectsOf(redirects) };
      this.simple({ words, ...around, ...span }, own);
    };
    const inside = (more: Partial<Place>): Place => ({
      ...place,
      redirects: [...place.redirects, ...redirectsOf(behind)],
      nested: true,
      ...more,
    });
    const branch = (): readonly number[] => [...place.within, this.start.ids.next++];
    switch (node.type) {
      case 'Redirected':
        this.command(node.command, place, node.redirects);
        return;
      case 'Command': {
        const redirects = [...node.prefix, ...node.suffix].filter(isRedirection);
        const assignments = node.prefix.filter((one) => one.type === 'Assignment');
        const given = [...(node.name === undefined ? [] : [node.name]), ...wordsBehind(node)];
        this.before([...assignments, ...given, ...redirects], place);
        const words = given.map((one) =>
          one.type === 'Word' ? wordOf(one, this.placeOf) : assignmentWord(one, this.placeOf),
        );
        this.simple({ words, assignments, redirects: redirectsOf(redirects), ...span }, place);
        return;
      }
      case 'TestCommand':
        this.before([node, ...behind], place);
        simple([
          bareWord('[[', span),
          ...testWords(node.expression, this.placeOf),
          bareWord(']]', span),
        ]);
        return;
      case 'ArithmeticCommand':
        this.before([node, ...behind], place);
        simple(arithmeticWords(node.body, [node.expression], span));
        return;
      case 'Subshell':
      case 'BraceGroup': {
        this.before(behind, place);
        const { errexit, pipefail, folder } = this;
        const exits = node.type === 'Subshell' ? place.stops : place.exits;
        this.list(node.body.commands, { ...inside({ exits }), nested: place.nested });
        if (node.type === 'Subshell') Object.assign(this, { errexit, pipefail, folder });
        return;
      }
      case 'Coproc':
        this.before(behind, place);
        if (node.body.type !== 'CompoundList')
          this.command(subshell([statement(node.body, true)], node), place);
        return;
      case 'If':
        this.before(behind, place);
        [node, ...node.elif].forEach(({ clause, then }, at) => {
          const within = at === 0 ? place.within : branch();
          this.list(clause.commands, inside({ stops: false, guarded: true, within }));
          this.list(then.commands, inside({ within: branch() }));
        });
        if (node.else !== undefined) this.list(node.else.commands, inside({ within: branch() }));
        return;
      case 'For':
      case 'Select':
        this.before([...(node.wordlist ?? []), ...behind], place);
        this.shell.assign(node.name.value, undefined, true);
        this.list(node.body.commands, inside({ stops: false, within: branch() }));
        return;
      case 'ArithmeticFor':
      case 'While': {
        this.before(behind, place);
        const within = branch();
        const first = inside({ stops: false, guarded: true, within });
        if (node.type === 'While') this.list(node.clause.commands, first);
        else {
          const asks = [node.initialize, node.test, node.update];
          this.before(asks, first);
          simple(arithmeticWords('', asks, span), [], { ...first, operator: '' });
        }
        this.list(node.body.commands, inside({ stops: false, within }));
        return;
      }
      case 'Case': {
        this.before([node.word, ...node.items.flatMap(({ pattern }) => pattern), ...behind], place);
        let falls: readonly Statement[] = [];
        const bodies = node.items.toReversed().map(({ body, terminator }) => {
          falls = [...body.commands, ...(terminator === ';&' ? falls : [])];
          return falls;
        });
        for (const body of bodies.reverse()) this.list(body, inside({ within: branch() }));
        return;
      }
      case 'Function':
        this.before(behind, place);
        this.functions.add(node.name.value);
        if (node.body.type !== 'CompoundList')
          this.list(
            [statement(node.body)],
            inside({ stops: false, guarded: true, within: branch() }),
          );
    }
  }

  private simple(simple: Simple, place: Place): void {
    const isConditional = place.within.length > 0;
    const given = simple.assignments.map((one) => {
      const field = this.shell.joined(valueOf(one, this.placeOf));
      if (one.name === 'PATH') this.paths.push(field.text);
      return [one.name, one.append === true ? undefined : field] as const;
    });
    if (simple.words.length === 0) {
      for (const [name, field] of given) this.shell.assign(name, field, isConditional);
      // `> file` empties a file.
      if (simple.redirects.some(isWrite)) this.push(simple, [constantField(':')], [], place);
      return;
    }
    const words = simple.words.flatMap((word) => this.shell.fieldsOf(word));
    if (words.length === 0) return;
    const own = this.push(simple, words, given, place);
    this.builtin(own, isConditional);
  }

  private push(
    simple: Simple,
    words: readonly Field[],
    given: readonly (readonly [string, Field | undefined])[],
    place: Place,
  ): Unwrapped {
    const { shell, script } = this;
    const redirects = [...place.redirects, ...simple.redirects];
    const target = (one: Redirect): string => pathIn(this.folder, shell.joined(one.target).text);
    const reads = simple.redirects.findLast(({ operator }) => operator.startsWith('<'));
    const shown = reads?.body ?? (reads?.operator === '<<<' ? reads.target : undefined);
    const input = shown && shell.joined(shown);
    const own = unwrap(words);
    const range = script.rangeOf(simple.start, simple.end);
    const all = [own, ...own.started];
    const command: ShellCommand = {
      words: simple.words.map((word) => {
        const { constant, text: value } = shell.joined(word);
        const own = script.rangeOf(word.start, word.end);
        return { text: word.text, value: constant ? value : undefined, range: own };
      }),
      operator: place.operator,
      nested: place.nested,
      ...(this.depth > 0 ? { depth: this.depth, isPlaced: script.isPlaced !== false } : {}),
      range,
      writesTo: simple.redirects.filter(isWrite).map((one) => shell.joined(one.target).text),
      wrappers: own.wrappers,
      starts: all.map(({ argv }) => argv.map(({ text }) => text)),
    };
    const set = new Map<string, string | undefined>();
    for (const [name, { value }] of shell.known) set.set(name, value);
    for (const [name, field] of given)
      set.set(name, field?.constant === true ? field.text : undefined);
    for (const { text, constant } of own.environment) {
      const [, name = '', value = ''] = /^([^=]*)=([^]*)/.exec(text) ?? [];
      set.set(name, constant ? value : undefined);
      if (name === 'PATH') this.paths.push(value);
    }
    const texts = all.flatMap(
      (one) => one.script ?? (one === own ? (scriptOf(own.argv, input) ?? []) : []),
    );
    const scripts = texts.flatMap((one) => this.scriptOf(one, simple) ?? []);
    const isRead = simple.redirects.some(({ operator }) => /^&>>?$/.test(operator));
    const id = this.start.ids.next++;
    for (const { argv, script: inner } of all)
      this.commands.push({
        command,
        id,
        program: programOf(argv),
        argv,
        isStarted: argv !== own.argv,
        isScript: inner !== undefined,
        words,
        own,
        text: script.text
          .slice(simple.start, simple.end)
          .replace(/\\\r?\n/g, ' ')
          .replace(/\s+/g, ' ')
          .slice(0, MAX_TEXT),
        // Other shells than bash take `cmd &> file` for a command in the background.
        stops: place.stops && argv === own.argv && !(isRead && !this.start.bash),
        within: place.within,
        pipedFrom: place.pipedFrom,
        isPiped: place.isPiped,
        input,
        readsFrom: redirects.filter(({ operator }) => operator === '<').map(target),
        writesTo: redirects.filter(isWrite).map(target),
        appends: redirects.some(({ operator }) => operator === '>>' || operator === '&>>'),
        folder: own.goes ? '' : this.folder,
        set,
        joins: place.redirects.some(isWrite),
        hidesScript: scripts.length < texts.length,
      });
    for (const one of scripts) this.inner(one, own, place);
    return own;
  }

  /** Shell text that a command runs. It has places of its own where one word is this text. */
  private scriptOf(
    { text: { text, constant }, errexit, pipefail }: ShellText,
    { words, redirects, start, end }: Simple,
  ): (Script & Omit<ShellText, 'text'>) | undefined {
    const tree = constant && this.depth < MAX_DEPTH ? parseShell(text) : undefined;
    if (tree?.ok !== true) return undefined;
    const outer = this.script;
    const spans = [...words, ...redirects.flatMap(({ body }) => body ?? [])];
    const word = spans.findLast(({ text: own }) => [text, `'${text}'`, `"${text}"`].includes(own));
    const isPlaced = word !== undefined && this.within === undefined && outer.isPlaced !== false;
    const from = word === undefined ? 0 : word.start + (word.text === text ? 0 : 1);
    return {
      tree: tree.value,
      text,
      errexit,
      pipefail,
      isPlaced,
      rangeOf: (first, last) =>
        isPlaced ? outer.rangeOf(from + first, from + last) : outer.rangeOf(start, end),
    };
  }

  /** The commands of a script inside a command, after the command that runs it. */
  private inner(script: Script & Omit<ShellText, 'text'>, own: Unwrapped, place: Place): void {
    const outer = { script: this.script, within: this.within };
    const { errexit, pipefail, folder } = this;
    const isEval = programOf(own.argv) === 'eval';
    this.script = script;
    this.within = undefined;
    this.depth += 1;
    if (!isEval) Object.assign(this, { errexit: script.errexit, pipefail: script.pipefail });
    const exits = isEval ? place.exits : place.stops;
    const guarded = isEval && place.guarded;
    this.list(script.tree.commands, { ...place, exits, guarded, operator: '' });
    if (!isEval) Object.assign(this, { errexit, pipefail, folder });
    this.depth -= 1;
    Object.assign(this, outer);
  }

  /** Builtins that change what later commands mean. */
  private builtin({ argv, wrappers }: Unwrapped, isConditional: boolean): void {
    const program = programOf(argv);
    const words = argv.slice(1).map(({ text }) => text);
    const line = words.join(' ');
    const isOfShell = wrappers.every((name) => /^(?:command|builtin)$/.test(name));
    if (/^(?:cd|pushd|popd)$/.test(program)) {
      const [to] = argv.slice(1);
      const isPlain = program !== 'popd' && isOfShell && !isConditional && words.length === 1;
      // A variable that nothing sets again means one folder, whichever that is.
      const isNamed = /^\$\{[\w#]+\}(?:\/[\w./-]*)?$/.test(to?.text ?? '');
      // Each folder that is not known has a name of its own, so that no two of them pass for one.
      if (to === undefined || !isPlain || line.startsWith('-') || !(to.constant || isNamed))
        this.folder = `\${cd#${this.start.ids.next++}}`;
      else this.folder = isNamed ? to.text : pathIn(this.folder, to.text);
    } else if (program === 'set' || program === 'shopt') {
      // Only whole forms turn something on: `set -- -e` names words.
      const isPlain =
        program === 'set' &&
        isOfShell &&
        !isConditional &&
        /^(?:-[a-zA-Z]+(?: [a-z]{5,})?(?: |$))+$/.test(line);
      const isOpen = argv.some(({ constant }) => !constant);
      for (const [name, letter] of [
        ['errexit', 'e'],
        ['pipefail', '$.'],
      ] as const) {
        const turned = (sign: string): boolean =>
          new RegExp(`(?:^| )[${sign}][a-zA-Z]*${letter}|[${sign}][a-zA-Z]*o ${name}`).test(line);
        if (isOpen || turned('+') || (program === 'shopt' && line.includes(name)))
          this[name] = false;
        else if (isPlain && turned('-')) this[name] = true;
      }
    } else if (SETS.test(program) || wrappers.includes('builtin'))
      for (const field of argv.slice(1)) {
        const glued = program === 'printf' ? /^-v(\w+)$/.exec(field.text)?.[1] : undefined;
        if (glued !== undefined) this.shell.assign(glued, undefined, isConditional);
        const [, name = '', equals, value = ''] = /^(\w+)(=)?([^]*)/.exec(field.text) ?? [];
        if (name === 'PATH' && equals !== undefined) this.paths.push(value);
        if (name === '' || (equals === undefined && /^(?:export|readonly)$/.test(program)))
          continue;
        const printed = { text: '$()', constant: false, sources: [this.start.ids.next] };
        const given = equals === undefined ? printed : { ...field, text: value };
        this.shell.assign(name, given, isConditional);
      }
  }
}

export function flatten(script: Script, start: FlatStart): FlatScript {
  const { commands, functions, paths, shell } = new Flattener(script, start);
  const isWhole = commands.length < MAX_COMMANDS;
  return { commands, functions, paths, isWhole, counts: start.bash && shell.counts };
}
