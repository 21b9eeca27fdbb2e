import { pathIn } from '../../paths.ts';
import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../command-event.ts';
import type { StageFiles } from '../stage-files.ts';
import type { SecretFlow } from './secret-flow.ts';
import { Named, type StageLedger } from './stage-ledger.ts';

/** What a command is followed with. */
export interface Around {
  readonly ledger: StageLedger;
  /** What lies in the bind mounts of the RUN, and is no part of its layer. */
  readonly mounts: StageLedger;
  readonly flow: SecretFlow;
  readonly files: StageFiles;
  /** The commands of the same RUN before it. */
  readonly before: readonly CommandEvent[];
}

/** Files that a command is told of by a variable, or that find or a pipe gives. */
export const GIVEN = /^(?:\{\}|\$\(stdin\))$/;

/** What the words of a command name, each path as a whole; undefined for what is not known. */
export function namedBy(event: CommandEvent, field: Field, around: Around): Named | undefined {
  if (GIVEN.test(field.text)) {
    const folder = foundIn(event, around);
    return folder === undefined ? undefined : new Named(folder);
  }
  if (!field.constant && !/^(?:~|\$\{?HOME\}?)\//.test(field.text)) return undefined;
  return new Named(absolute(event, field.text));
}

/** A path as a whole, unless a variable begins it. */
export function absolute({ folder }: CommandEvent, text: string): string {
  return /^(?:~|\$)/.test(text) ? text : pathIn(folder, text);
}

/** The folder that `find FOLDER ... -exec` or `find FOLDER ... | xargs` goes through. */
export function foundIn(event: CommandEvent, { before }: Around): string | undefined {
  const find = before.findLast(
    ({ program, id }) =>
      program === 'find' && (event.pipedFrom.length === 0 || event.pipedFrom.includes(id)),
  );
  const root = find?.argv[1];
  return find === undefined || root === undefined || !root.constant || root.text.startsWith('-')
    ? undefined
    : pathIn(find.folder, root.text);
}
