import { COPIERS, type Copier } from '../../../programs/copiers.ts';
import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine, verbOf } from '../command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';

const OUTPUT = ['-o', '--output'] as const;

function copier(event: CommandEvent, { verbs, from, both }: Copier): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  if (verbOf(line.operands, verbs ?? ['']) === undefined) return [];
  const at = line.operands.findIndex((f) => from.test(f.text));
  const address = line.operands[at];
  if (address === undefined || !isRemote(address.text)) return [];
  if (both === true && line.operands[at + 1] === undefined) return [];
  const to = line.values(...OUTPUT)[0]?.text ?? line.operands[at + 1]?.text ?? '.';
  return [fetchOf(event, 'other', address, targetOf(to, address))];
}

function targetOf(to: string, address: Field): string {
  return to === '.' || to.endsWith('/')
    ? `${to === '.' ? '' : to}${addressName(address.text)}`
    : to;
}

/** lftp's own commands, on its command line or as an argument: `lftp -c 'open HOST; mget *'`. */
function lftp(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.slice(1);
  const text = words.map((f) => f.text).join(' ');
  const script = `${text}\n${event.input?.text ?? ''}`;
  const gets = /\b(?:get1?|mget|pget)\b|\bmirror\b(?! +(?:-\w*R|--reverse))/.test(script);
  const address = /(?:https?|ftps?|sftp|fish):\/\/[^\s;'"]+/i.exec(script)?.[0];
  const opened = /\bopen +(?:-\S+ +(?:[^\s-]\S* +)?)*([\w.-]+)/.exec(script)?.[1];
  const host = address ?? opened ?? words.map((f) => f.text).findLast((w) => /^[\w.-]+$/.test(w));
  if (!(gets || (address !== undefined && !script.includes('put')))) return [];
  if (host === undefined || !isRemote(host)) return [];
  const file = /\B-o +([^\s;'"]+)/.exec(script)?.[1] ?? addressName(address ?? '');
  const constant = words.every((f) => f.constant) && address !== undefined;
  return [fetchOf(event, 'other', { text: host, constant, sources: [] }, file)];
}

/** Files from another machine by other means than curl, wget and git; nothing for the rest. */
export function remoteCopies(event: CommandEvent): readonly Fetch[] {
  const { program } = event;
  if (program === 'lftp') return lftp(event);
  const known = COPIERS[program];
  return known === undefined ? [] : copier(event, known);
}
