import { PULLERS } from '../../../programs/services.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine, verbOf } from '../command-line.ts';
import { type Fetch, fetchOf } from './fetch.ts';

const DIGEST = /@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

/** Images, charts and artifacts that a command pulls: a digest pins them, else the tag decides. */
export function registryPulls(event: CommandEvent): readonly Fetch[] {
  const known = PULLERS[event.program];
  if (known === undefined) return [];
  const line = readCommandLine(event.program, event.argv.slice(1));
  const spoken = verbOf(line.operands, known.verbs);
  if (spoken === undefined) return [];
  const { verb, rest: named } = spoken;
  const given = known.name === undefined ? named : line.values(...known.name.split(' '));
  const [pulled] = given;
  if (pulled === undefined || known.prefix?.test(pulled.text) === false) return [];
  const file = line.values('-o', '--output')[0] ?? (verb === 'export' ? named[1] : undefined);
  const target = file === undefined || file.text === '-' ? '' : file.text;
  const checks =
    known.verify !== undefined && line.has(known.verify)
      ? `${event.program} ${known.verify}`
      : undefined;
  const method = DIGEST.test(pulled.text) ? 'digest' : checks;
  const own = method === undefined ? {} : { ownCheck: { method, range: event.range } };
  const toOutput = target === '' && (file?.text === '-' || event.writesTo.length === 0);
  const written = target === '' ? (event.writesTo[0] ?? '') : target;
  const address = { ...constantField(pulled.text), constant: false };
  return [fetchOf(event, 'other', address, written, { toOutput, ...own })];
}
