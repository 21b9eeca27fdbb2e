import { OBJECT_FETCHERS, type ObjectFetcher } from '../../../programs/services.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, readCommandLine, verbOf } from '../command-line.ts';
import { type Fetch, fetchOf } from './fetch.ts';

function targetOf(
  { file = '', folder = '', lastIsFile }: ObjectFetcher,
  line: CommandLine,
): string {
  const last = lastIsFile === true ? line.operands.at(-1) : undefined;
  const name = (last ?? line.values(...file.split(' '))[0])?.text ?? '';
  const into = line.values(...folder.split(' '))[0]?.text;
  if (name === '' && into !== undefined) return into;
  return name === '' || into === undefined ? name : `${into}/${name}`;
}

/** Objects and releases that a service's own program fetches; nothing for other commands. */
export function cloudObjects(event: CommandEvent): readonly Fetch[] {
  const known = OBJECT_FETCHERS[event.program];
  if (known === undefined) return [];
  const line = readCommandLine(event.program, event.argv.slice(1));
  const spoken = verbOf(line.operands, known.verbs);
  if (spoken === undefined) return [];
  const words = known.named === true ? spoken.rest : [];
  const name = line.values(...(known.name ?? '').split(' '))[0] ?? words[0];
  if (name === undefined && event.program === 'gdown') return [];
  const target = targetOf(known, line);
  const toOutput = target === '-';
  const address = {
    ...(name ?? constantField(`${event.program} ${spoken.verb}`)),
    constant: false,
  };
  return [
    fetchOf(event, 'other', address, toOutput ? (event.writesTo[0] ?? '') : target, { toOutput }),
  ];
}
