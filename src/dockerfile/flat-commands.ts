import type { ShellCommand, ShellOperator } from '../model/dockerfile.ts';
import { type Surroundings, joined } from './shell/fields.ts';
import type { Command, List, Redirect, Simple } from './shell/syntax-tree.ts';
import type { Script } from './shell/traced-command.ts';
import { bodiesOf, expandedBy } from './shell/walk-tree.ts';
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

class Flattener {
  readonly commands: ShellCommand[] = [];
  private readonly script: Script;
  private readonly around: Surroundings;

  constructor(script: Script, around: Surroundings) {
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
    this.commands.push({
      words: command.words.map((word) => {
        const field = joined(word.parts, this.around);
        const range = this.script.rangeOf(word.start, word.end);
        return { text: word.text, value: field.constant ? field.text : undefined, range };
      }),
      operator,
      nested,
      range: this.script.rangeOf(command.start, command.end),
      writesTo: command.redirects
        .filter(isWrite)
        .map((r) => joined(r.target.parts, this.around).text),
    });
  }
}

function isWrite(redirect: Redirect): boolean {
  const { operator, descriptor } = redirect;
  return descriptor !== 2 && ['>', '>>', '>|', '&>', '&>>'].includes(operator);
}

/** The simple commands of a script in the order they are written, words with ARG and ENV put in. */
export function flatCommands(script: Script, lookup: Lookup): readonly ShellCommand[] {
  const assigned = new Set<string>();
  assignedNames(script.list, assigned);
  const flattener = new Flattener(script, {
    positional: [],
    substitution: () => [],
    variable: (name) => ({ value: assigned.has(name) ? undefined : lookup(name), sources: [] }),
  });
  flattener.list(script.list, false);
  return flattener.commands;
}
