import { UserError } from '../../model/errors.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import { type DockerfileError, type SettledFixes, settleEdits } from './compose-fixes.ts';
import type { OpenedFiles } from './fix-files.ts';
import type { FixTask } from './plan-fixes.ts';

/** Settles the edits of a task as `decide` says. Throws UserError where the Dockerfile is none. */
export async function settleFixes(
  { opened, around }: FixTask,
  decide: Parameters<typeof settleEdits>[2],
): Promise<SettledFixes> {
  const settled = await settleEdits(opened.files, around, decide);
  if (settled.ok) return settled.value;
  throw unreadable(opened, settled.error);
}

/** Applies the edits that are wanted, and no others. Throws as `settleFixes` does. */
export function settleWanted(
  task: FixTask,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<SettledFixes> {
  return settleFixes(task, (edit) => (isWanted(edit) ? 'apply' : 'skip'));
}

/** A Dockerfile that cannot be read, as what the user is told. */
export function unreadable({ names }: OpenedFiles, { line, message }: DockerfileError): UserError {
  return new UserError(`${names.Dockerfile}, line ${line}: ${message}`);
}
