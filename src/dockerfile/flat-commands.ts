import type { ShellCommand, ShellOperator } from '../model/dockerfile.ts';
import { pathIn } from './paths.ts';
import {
  bodiesOf,
  type Command,
  constantField,
  expandedBy,
  type ExpansionContext,
  type Field,
  fieldsOf,
  joined,
  type List,
  type Redirect,
  type Script,
  type Simple,
  type Variable,
} from './shell/syntax-tree.ts';
import {
  programOf,
  scriptInDocument,
  scriptInWord,
  scriptOnInput,
  unwrap,
  type Unwrapped,
} from './shell/wrappers.ts';
import type { Lookup } from './substitute.ts';

const MAX_COMMANDS = 5000;
/** Scripts in words of scripts. */
const MAX_DEPTH = 8;
/** Characters of a command's text that are kept. */
const MAX_TEXT = 400;

/** A script whose words may be strings of a JSON array. */
interface FlatScript extends Script {
  readonly isJson?: boolean;
}

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
  readonly stops: boolean;
  readonly within: readonly number[];
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

interface Known extends Variable {
  /** Every value that the script gives it; undefined where one of them is not known. */
  readonly all: readonly string[] | undefined;
}

/** Names that a script sets itself: values of ARG and ENV do not count for them. */
function assignedNames(list: List, names: Set<string>): void {
  for (const { pipeline } of list.items)
    for (const command of pipeline.elements) {
      if (command.kind === 'simple') for (const { name } of command.assignments) names.add(name);
      if (command.kind === 'for') names.add(command.variable);
      for (const inner of bodiesOf(command)) assignedNames(inner, names);
    }
}

/** Builtins that set variables named among their words. */
const SETS =
  /^(?:read|unset|export|readonly|local|declare|typeset|getopts|mapfile|readarray|let|printf|wait|select)$/;

class Flattener {
  readonly commands: FlatCommand[] = [];
  readonly functions = new Set<string>();
  private readonly start: FlatStart;
  private readonly assigned = new Set<string>();
  private readonly set = new Map<string, Known>();
  private readonly printed = new Map<List, readonly number[]>();
  private script: FlatScript;
  private depth = 0;
  private errexit: boolean;
  private pipefail: boolean;
  private folder: string;
  private nextId: number;
  /** bash runs commands in what it counts with, where that is text that a command prints. */
  counts = false;

  constructor(script: FlatScript, start: FlatStart) {
    this.script = script;
    this.start = start;
    this.errexit = start.errexit;
    this.pipefail = start.pipefail;
    this.folder = start.folder;
    this.nextId = start.nextId;
    assignedNames(script.list, this.assigned);
  }

  run(): void {
    const { stops, within } = this.start;
    this.list(this.script.list, {
      nested: false,
      stops,
      exits: stops,
      guarded: false,
      within,
      pipedFrom: [],
      isPiped: false,
      operator: '',
      redirects: [],
    });
  }

  /** Every value that a variable may have here, as it is named in words; undefined if not known. */
  values(name: string): readonly string[] | undefined {
    return this.set.get(name)?.all;
  }

  private list({ items }: List, place: Place): void {
    let chain = 0;
    let inChain = place.within;
    let isAfterOr = false;
    items.forEach(({ pipeline, operator }, at) => {
      const end = items.findIndex((one, i) => i >= at && !/^(?:&&|\|\|)$/.test(one.operator));
      const last = end < 0 ? items.length - 1 : end;
      if (at === 0 || !/^(?:&&|\|\|)$/.test(items[at - 1]?.operator ?? '')) {
        chain = at;
        inChain = place.within;
        isAfterOr = false;
      }
      const isEnd = last === items.length - 1;
      const isBackground = items[last]?.operator === '&';
      const before = at > chain ? items[at - 1]?.operator : undefined;
      const isKept = isEnd && place.stops && !isAfterOr;
      if (before === '||') isAfterOr = true;
      // What follows `a &&` runs in any case only where the failure of `a` ends the script.
      if (before === '||' || (before === '&&' && !isKept)) inChain = [...inChain, this.nextId++];
      const handler = items.findIndex((one, i) => i >= at && i < last && one.operator === '||');
      const byErrexit = at === last && this.errexit && !place.guarded;
      const byExit = handler >= 0 ? fails(items[handler + 1]) : byErrexit;
      const stops =
        !isBackground &&
        !pipeline.negated &&
        ((handler < 0 && isEnd && place.stops) || (byExit && place.exits));
      const guarded = place.guarded || at < last || pipeline.negated;
      let piped: readonly number[] = [];
      pipeline.elements.forEach((command, index) => {
        const isLast = index === pipeline.elements.length - 1;
        const ends = stops && (isLast || this.pipefail);
        const first = this.nextId;
        this.command(command, {
          ...place,
          stops: ends,
          exits: pipeline.elements.length > 1 ? ends : place.exits && !isBackground,
          guarded,
          within: inChain,
          pipedFrom: index === 0 ? place.pipedFrom : piped,
          isPiped: index === 0 ? place.isPiped : true,
          operator: isLast ? operator : '|',
        });
        piped = this.commands.filter(({ id }) => id >= first).map(({ id }) => id);
      });
    });
  }

  private command(command: Command, place: Place): void {
    if (this.commands.length >= MAX_COMMANDS) return;
    for (const list of expandedBy(command)) {
      const first = this.commands.length;
      this.list(list, {
        ...place,
        nested: true,
        stops: false,
        exits: false,
        guarded: true,
        operator: '',
      });
      this.printed.set(
        list,
        this.commands.slice(first).map(({ id }) => id),
      );
    }
    if (command.kind === 'simple') {
      this.simple(command, place);
      return;
    }
    const redirects = [...place.redirects, ...command.redirects];
    const inside = (more: Partial<Place>): Place => ({
      ...place,
      redirects,
      nested: true,
      ...more,
    });
    const branch = (): readonly number[] => [...place.within, this.nextId++];
    switch (command.kind) {
      case 'group': {
        const { errexit, pipefail, folder } = this;
        const exits = command.subshell ? place.stops : place.exits;
        this.list(command.body, { ...inside({ exits }), nested: place.nested });
        if (command.subshell) {
          this.errexit = errexit;
          this.pipefail = pipefail;
          this.folder = folder;
        }
        return;
      }
      case 'if':
        command.branches.forEach(({ condition, body }, at) => {
          const within = at === 0 ? place.within : branch();
          this.list(condition, inside({ stops: false, guarded: true, within }));
          this.list(body, inside({ within: branch() }));
        });
        if (command.otherwise !== undefined)
          this.list(command.otherwise, inside({ within: branch() }));
        return;
      case 'for': {
        const around = this.around();
        const items = command.items.flatMap((word) => fieldsOf(word, around));
        this.assign(command.variable, undefined, true, items);
        this.list(command.body, inside({ stops: false, within: branch() }));
        return;
      }
      case 'loop': {
        const within = branch();
        this.list(command.condition, inside({ stops: false, guarded: true, within }));
        this.list(command.body, inside({ stops: false, within }));
        return;
      }
      case 'case':
        for (const { body } of command.arms) this.list(body, inside({ within: branch() }));
        return;
      case 'function':
        this.functions.add(command.name);
        for (const body of bodiesOf(command))
          this.list(body, inside({ stops: false, guarded: true, within: branch() }));
    }
  }

  private simple(simple: Simple, place: Place): void {
    const around = this.around();
    for (const { name, value, append } of simple.words.length === 0 ? simple.assignments : []) {
      const field = joined(value.parts, around);
      this.assign(name, append ? undefined : field, place.within.length > this.start.within.length);
    }
    if (simple.words.length === 0) {
      // `> file` empties a file.
      if (simple.redirects.some(isWrite)) this.push(simple, [constantField(':')], place);
      return;
    }
    const words = simple.words.flatMap((word) => fieldsOf(word, around));
    if (words.length === 0) return;
    const own = this.push(simple, words, place);
    this.builtin(own, place.within.length > this.start.within.length);
  }

  private push(simple: Simple, words: readonly Field[], place: Place): Unwrapped {
    const around = this.around();
    const model = this.modelContext();
    const fields = simple.words.map((word) => joined(word.parts, model));
    const redirects = [...place.redirects, ...simple.redirects];
    const target = (one: Redirect): string =>
      pathIn(this.folder, joined(one.target.parts, around).text);
    const body = simple.redirects.findLast(({ operator }) => operator.startsWith('<'));
    const input =
      body?.body !== undefined
        ? joined(body.body.parts, around)
        : body?.operator === '<<<'
          ? joined(body.target.parts, around)
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
      writesTo: simple.redirects.filter(isWrite).map((r) => joined(r.target.parts, model).text),
    };
    const variables = new Map<string, string | undefined>();
    for (const [name, { value }] of this.set) variables.set(name, value);
    for (const { name, value } of simple.assignments) {
      const field = joined(value.parts, around);
      variables.set(name, field.constant ? field.text : undefined);
    }
    for (const { text, constant } of own.environment) {
      const equals = text.indexOf('=');
      variables.set(text.slice(0, equals), constant ? text.slice(equals + 1) : undefined);
    }
    const whole = simple.words.map((word) => joined(word.parts, around));
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
          name === 'PATH' ? [joined(value.parts, around).text] : [],
        )[0] ??
        own.environment.find(({ text }) => text.startsWith('PATH='))?.text.slice(5) ??
        this.set.get('PATH')?.value ??
        this.set.get('PATH')?.shape,
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
    this.list(script.list, { ...place, exits, guarded: isEval && place.guarded, operator: '' });
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
      const isKnown = to?.constant === true && !isConditional && words.length === 1;
      // A variable that nothing sets again means one folder, whichever that is.
      const isNamed =
        to !== undefined &&
        !isConditional &&
        words.length === 1 &&
        /^\$\{[\w#]+\}(?:\/[\w./-]*)?$/.test(to.text);
      this.folder = isNamed ? to.text : isKnown ? pathIn(this.folder, to.text) : unknown;
    } else if (program === 'popd') this.folder = unknown;
    else if (program === 'set') this.options(words, isConditional);
    else if (SETS.test(program) || wrappers.includes('builtin'))
      for (const field of argv.slice(1)) {
        const glued = program === 'printf' ? /^-v(\w+)$/.exec(field.text)?.[1] : undefined;
        if (glued !== undefined) this.assign(glued, undefined, isConditional);
        const [, name = '', equals, value = ''] = /^(\w+)(=)?([^]*)/.exec(field.text) ?? [];
        if (name !== '' && !(equals === undefined && /^(?:export|readonly)$/.test(program)))
          this.assign(
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

  private assign(
    name: string,
    field: Field | undefined,
    isConditional: boolean,
    items: readonly Field[] = [],
  ): void {
    const known = this.set.get(name);
    const outer = known === undefined ? this.start.lookup(name) : undefined;
    const before = known === undefined ? (outer === undefined ? [] : [outer]) : known.all;
    const isKnown = field?.constant === true;
    const given = field === undefined ? items : [field];
    const all =
      given.length > 0 && given.every(({ constant }) => constant) && before !== undefined
        ? [...new Set([...(isConditional ? before : []), ...given.map(({ text }) => text)])]
        : undefined;
    const version = `\${${name}#${this.nextId++}}`;
    const shape = field === undefined || field.constant || isConditional ? version : undefined;
    // What a command prints, and what would be split, is known by the name alone.
    const written =
      field === undefined || /[\s*?]|\$\(/.test(field.text) || field.text.length > 2048
        ? version
        : field.text;
    this.set.set(name, {
      value: isKnown && !isConditional ? field.text : undefined,
      shape: shape ?? written,
      sources: field?.sources ?? [],
      all,
    });
  }

  private around(): ExpansionContext {
    return {
      counted: (sources) => {
        this.counts ||= this.start.bash && sources.length > 0;
      },
      substitution: ({ body }) => this.printed.get(body) ?? [],
      variable: (name) => this.set.get(name) ?? { value: this.start.lookup(name), sources: [] },
    };
  }

  private modelContext(): ExpansionContext {
    const { lookup } = this.start;
    return {
      counted: () => undefined,
      substitution: () => [],
      variable: (name) => ({
        value: this.assigned.has(name) ? undefined : lookup(name),
        sources: [],
      }),
    };
  }
}

/** True where the part after `||` ends the script by a failure: `exit 1`, `{ …; exit 1; }`. */
function fails(item: List['items'][number] | undefined): boolean {
  const [command, ...more] = item?.pipeline.elements ?? [];
  if (command === undefined || more.length > 0 || item?.pipeline.negated === true) return false;
  if (command.kind === 'group' && !command.subshell) {
    const inner = command.body.items;
    const isPlain = inner.every(({ operator }) => operator === ';' || operator === '');
    // `exit` alone gives the status of what stands before it.
    const isOwn = inner
      .slice(0, -1)
      .every(({ pipeline }) =>
        pipeline.elements.every(
          (one) =>
            one.kind === 'simple' && !/^(?:exit|return|exec|break)$/.test(one.words[0]?.text ?? ''),
        ),
      );
    const last = inner.at(-1);
    const [end] = last?.pipeline.elements ?? [];
    const isTold = inner.length === 1 || (end?.kind === 'simple' && end.words.length === 2);
    return isPlain && isOwn && isTold && fails(last);
  }
  if (command.kind !== 'simple' || command.assignments.length > 0) return false;
  const [name, status, ...rest] = command.words.map(({ text }) => text);
  if (rest.length > 0) return false;
  return name === 'exit' && (status === undefined || /^(?:[1-9]\d?|\$\?)$/.test(status));
}

/** The scripts inside a command that it runs: `sh -c TEXT`, `bash <<EOF`. */
function scriptsIn(
  outer: FlatScript,
  { words, redirects }: Pick<Simple, 'words' | 'redirects'>,
  fields: readonly Field[],
): readonly Script[] {
  const own = unwrap(fields);
  const texts = [own, ...own.started].flatMap(({ script, argv }) => {
    if (script === undefined) return [];
    // `eval TEXT` has the text of one word.
    const isOne = programOf(argv) === 'eval' && argv.length === 2;
    const word = words[isOne ? words.length - 1 : fields.indexOf(script.text)];
    return word === undefined ? [] : [scriptInWord(outer, word, outer.isJson === true)];
  });
  const body = redirects.findLast(({ operator }) => operator.startsWith('<'))?.body;
  const reads = body !== undefined && scriptOnInput(own.argv, constantField('')) !== undefined;
  return [...texts, ...(reads ? [scriptInDocument(outer, body)] : [])].filter(
    (script) => script !== undefined,
  );
}

/** The script that a RUN in exec form passes to a shell; undefined where it does not. */
export function scriptOfExec(script: FlatScript): Script | undefined {
  const [command] = script.list.items[0]?.pipeline.elements ?? [];
  if (command?.kind !== 'simple') return undefined;
  const fields = command.words.map(({ parts }) =>
    constantField(parts.map((part) => (part.kind === 'literal' ? part.value : '')).join('')),
  );
  return scriptsIn(script, command, fields)[0];
}

function isWrite(redirect: Redirect): boolean {
  const { operator, descriptor } = redirect;
  return descriptor !== 2 && ['>', '>>', '>|', '&>', '&>>'].includes(operator);
}

export function flatten(
  script: FlatScript,
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
  const { commands, functions, counts } = flattener;
  const isWhole = commands.length < MAX_COMMANDS;
  return { commands, functions, values: (name) => flattener.values(name), isWhole, counts };
}

/** The simple commands of a script in the order they are written, words with ARG and ENV put in. */
export function flatCommands(script: FlatScript, lookup: Lookup): readonly ShellCommand[] {
  const start = {
    bash: true,
    folder: '',
    errexit: false,
    pipefail: false,
    stops: true,
    within: [],
    nextId: 0,
  };
  return flatten(script, { ...start, lookup }).commands.map(({ command }) => command);
}
