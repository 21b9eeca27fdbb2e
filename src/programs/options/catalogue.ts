import { MANAGER_FAMILIES } from '../managers/catalogue.ts';
import { unversioned, type ValuedOptions } from '../program.ts';
import { OBJECT_FETCHERS, PULLERS, type ServiceOptions } from '../services.ts';
import { FETCHER_OPTIONS } from './fetchers.ts';
import { TOOL_OPTIONS } from './tools.ts';

/** The options of a service's own program, whatever part they play. */
function serviceOptions(table: Readonly<Record<string, ServiceOptions>>): ValuedOptions {
  return Object.fromEntries(
    Object.entries(table).map(([program, { name, file, folder, valued }]) => [
      program,
      [name, file, folder, valued].filter((options) => options !== undefined).join(' '),
    ]),
  );
}

const BY_PROGRAM = new Map<string, string>();
for (const table of [
  ...MANAGER_FAMILIES.map(({ valued = {} }) => valued),
  FETCHER_OPTIONS,
  TOOL_OPTIONS,
  serviceOptions(OBJECT_FETCHERS),
  serviceOptions(PULLERS),
])
  for (const [programs, options] of Object.entries(table))
    for (const program of programs.split(' '))
      BY_PROGRAM.set(program, `${BY_PROGRAM.get(program) ?? ''} ${options}`);

const NONE: ReadonlySet<string> = new Set();
const READ = new Map<string, ReadonlySet<string>>();

/** The options of a program that take a value as their next word; `pip3.12` has those of `pip`. */
export function valuedOptions(program: string): ReadonlySet<string> {
  const name = BY_PROGRAM.has(program) ? program : unversioned(program);
  const options = BY_PROGRAM.get(name);
  if (options === undefined) return NONE;
  const known = READ.get(name) ?? new Set(options.split(' '));
  READ.set(name, known);
  return known;
}
