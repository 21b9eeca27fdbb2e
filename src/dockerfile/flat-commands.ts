import type { ShellCommand, ShellOperator } from '../model/dockerfile.ts';
import { constantField, type Field, type ExpansionContext, joined } from './shell/fields.ts';
import type { Command, List, Redirect, Simple } from './shell/syntax-tree.ts';
import type { Script } from './shell/traced-command.ts';
import { bodiesOf, expandedBy } from './shell/walk-tree.ts';
import { scriptInDocument, scriptInWord } from './shell/word-script.ts';
import { scriptOnInput, unwrap } from './shell/wrappers.ts';
import type { Lookup } from './substitute.ts';

/** Names that a script sets itself: what ARG and ENV say of them does not hold inside. */
function assignedNames(list: List, names: Set<string>): void {
  for (const { pipeline } of list.items)
    for (const command of pipeline.elements) {
      if (command.kind === 'simple') for (const { name } of command.assignments) names.add(name);
      if (command.kind === 'for') names.add(command.variable);
      for (const inner of bodiesOf(command)) assignedNames(inner, names);
    }
}

const MAX_COMMANDS = 5000;
/** Scripts in words of scripts. */
const MAX_DEPTH = 8;

/** A script whose words may be strings of a JSON array. */
interface FlatScript extends Script {
  readonly isJson?: boolean;
}

class Flattener {
  readonly commands: ShellCommand[] = [];
  private readonly around: ExpansionContext;
  private script: FlatScript;
  private depth = 0;

  constructor(script: FlatScript, around: ExpansionContext) {
    this.script = script;
    this.around = around;
  }

  list(list: List, nested: boolean): void {
    for (const { pipeline, operator } of list.items)
      pipeline.elements.forEach((command, index) => {
        const last = index === pipeline.elements.length - 1;
        this.command(command, last ? operator : '|', nested);
      });
  }

  private command(command: Command, operator: ShellOperator, nested: boolean): void {
    if (this.commands.length >= MAX_COMMANDS) return;
    for (const list of expandedBy(command)) this.list(list, true);
    if (command.kind === 'simple') this.simple(command, operator, nested);
    else for (const body of bodiesOf(command)) this.list(body, nested || command.kind !== 'group');
  }

  private simple(command: Simple, operator: ShellOperator, nested: boolean): void {
    if (command.words.length === 0) return;
    const fields = command.words.map((word) => joined(word.parts, this.around));
    this.commands.push({
      words: command.words.map(({ text, start, end }, at) => {
        const { constant = false, text: value } = fields[at] ?? {};
        const range = this.script.rangeOf(start, end);
        return { text, value: constant ? value : undefined, range };
      }),
      operator,
      nested,
      ...(this.depth > 0 ? { depth: this.depth } : {}),
      range: this.script.rangeOf(command.start, command.end),
      writesTo: command.redirects
        .filter(isWrite)
        .map((r) => joined(r.target.parts, this.around).text),
    });
    if (this.depth < MAX_DEPTH)
      for (const script of scriptsIn(this.script, command, fields)) this.inner(script, nested);
  }

  /** The commands of a script that stands in a command, behind the command that runs it. */
  private inner(script: Script, nested: boolean): void {
    const outer = this.script;
    this.script = script;
    this.depth += 1;
    this.list(script.list, nested);
    this.depth -= 1;
    this.script = outer;
  }
}

/** The scripts that stand in a command and that it runs: `sh -c TEXT`, `bash <<EOF`. */
function scriptsIn(
  outer: FlatScript,
  { words, redirects }: Simple,
  fields: readonly Field[],
): readonly Script[] {
  const own = unwrap(fields);
  const texts = [own, ...own.started].flatMap(({ script }) => {
    const word = script && words[fields.indexOf(script.text)];
    return word === undefined ? [] : [scriptInWord(outer, word, outer.isJson === true)];
  });
  const body = redirects.findLast(({ operator }) => operator.startsWith('<'))?.body;
  const reads = body !== undefined && scriptOnInput(own.argv, constantField('')) !== undefined;
  return [...texts, ...(reads ? [scriptInDocument(outer, body)] : [])].filter(
    (script) => script !== undefined,
  );
}

/** The script that a RUN in exec form hands to a shell; undefined where it does not. */
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

/** The simple commands of a script in the order they are written, words with ARG and ENV put in. */
export function flatCommands(script: FlatScript, lookup: Lookup): readonly ShellCommand[] {
  const assigned = new Set<string>();
  assignedNames(script.list, assigned);
  const flattener = new Flattener(script, {
    positional: [],
    counted: () => undefined,
    substitution: () => [],
    variable: (name) => ({ value: assigned.has(name) ? undefined : lookup(name), sources: [] }),
  });
  flattener.list(script.list, false);
  return flattener.commands;
}
