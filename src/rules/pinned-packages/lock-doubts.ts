import { posix } from 'node:path';
import type { FixInput } from '../../model/fix-rule.ts';
import { field, isObject, objectOf, parseJson } from '../../model/json-value.ts';
import type { FoundCommand } from '../shared/edit/command-at.ts';
import type { Doubt } from '../shared/edit/proposal.ts';
import { fromWorkFolder } from '../shared/edit/runtime-command.ts';

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** What nothing shows of a lock file that a command is held to. */
export function lockDoubts(input: FixInput, file: string, found: FoundCommand): readonly Doubt[] {
  const why = stale(input, file) ?? elsewhere(input, file, found);
  return why === undefined ? [] : [{ risk: 'medium', reason: why }];
}

/** Why a lock file may be out of date; undefined if it matches each dependency in package.json. */
function stale({ contextFile }: FixInput, file: string): string | undefined {
  const unknown = `the build fails where ${file} is not up to date`;
  const own = parseJson(contextFile('package.json') ?? '');
  const text = contextFile(file);
  if (!isObject(own) || text === undefined || own['workspaces'] !== undefined) return unknown;
  const asked = KINDS.flatMap((kind) => Object.entries(objectOf(own[kind])));
  if (file === 'yarn.lock')
    return asked.every(([name, range]) => hasEntry(text, name, String(range)))
      ? undefined
      : unknown;
  if (file !== 'package-lock.json') return unknown;
  const root = field(field(parseJson(text), 'packages'), '');
  if (!isObject(root)) return unknown;
  const locked = new Map(KINDS.flatMap((kind) => Object.entries(objectOf(root[kind]))));
  const isSame =
    asked.length === locked.size && asked.every(([name, range]) => locked.get(name) === range);
  return isSame ? undefined : `the build fails: ${file} is not up to date with package.json`;
}

/** True where a lock file of yarn has an entry for a name and range, in either of its forms. */
function hasEntry(text: string, name: string, range: string): boolean {
  return text.split('\n').some(
    (line) =>
      /^["\w@]/.test(line) &&
      line
        .replace(/:\s*$/, '')
        .split(/,\s*/)
        .some((one) =>
          [`${name}@${range}`, `${name}@npm:${range}`].includes(one.replaceAll('"', '')),
        ),
  );
}

/** Why the command may run where the lock file does not lie. */
function elsewhere(
  input: FixInput,
  file: string,
  { run, command }: FoundCommand,
): string | undefined {
  const moved = run.commands.some(
    ({ start, argv: [first] }) => start < command.start && (first === 'cd' || first === 'pushd'),
  );
  const option = command.argv.find((word) => /^(?:--prefix|--cwd|--dir|-C)(?:=|$)/.test(word));
  if (moved || option !== undefined)
    return `the command runs in another folder than that of ${file}`;
  const here = fromWorkFolder(input, run.folder, '');
  const isHere = input.source.instructions.some((one) => {
    if ((one.keyword !== 'COPY' && one.keyword !== 'ADD') || one.line >= run.line) return false;
    const target = one.instruction?.arguments.at(-1) ?? '';
    const to = fromWorkFolder(input, one.folder, target);
    return to === here || to === posix.join(here, file);
  });
  return isHere ? undefined : `${file} may lie in another folder than ${here}`;
}
